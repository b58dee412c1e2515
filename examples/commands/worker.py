"""One life of a run, in Python: standard library only, SQLite as its journal.

The harness starts this file again and again with the same run; it goes on from what is committed. What it is told stands in the
environment, what it does goes to fd 3, a line for each mark (docs/command-protocol.md).

  1  A step's result is committed in one statement, and only for the epoch that owns the run: an owner that was replaced is refused.
  2  A `once` step has its intent committed before its effect. An intent without a result is an unknown outcome, and is not repeated.
  3  The database syncs at every commit, and after it the directory from which the rollback journal went (synchronous=EXTRA): what was
     acknowledged survives power loss. With FULL the journal may come back, and roll back what was committed last.
"""

import hashlib
import json
import os
import sqlite3
import sys

life = int(os.environ["KILLPOINT_LIFE"])
run_id = os.environ["KILLPOINT_RUN_ID"]
epoch = 0


def mark(name, **members):
    """Appends one line to the ledger: one write, so that nothing can tear it."""
    line = json.dumps({"life": life, "mark": name, **members}) + "\n"
    os.write(3, line.encode())


def hash_of(value):
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


class Fenced(Exception):
    """Another life owns the run."""


class Journal:
    def __init__(self, directory):
        self.db = sqlite3.connect(os.path.join(directory, "journal.db"), isolation_level=None, timeout=30)
        self.db.execute("PRAGMA synchronous = EXTRA")
        self.db.executescript(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS owner (epoch INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, value TEXT NOT NULL);
            INSERT INTO owner SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM owner);
            COMMIT;
            """
        )
        global epoch
        (epoch,) = self.db.execute("UPDATE owner SET epoch = epoch + 1 RETURNING epoch").fetchone()
        rows = self.db.execute("SELECT key, value FROM record ORDER BY seq").fetchall()
        mark("resolved", epoch=epoch)
        mark("recovered", epoch=epoch, hashes=[hash_of(list(row)) for row in rows])
        self.known = {key: json.loads(value) for key, value in rows}

    def append(self, key, value):
        """Commits one record; raises Fenced where another life owns the run."""
        row = [key, json.dumps(value)]
        mark("appending", epoch=epoch, hashes=[hash_of(row)])
        added = self.db.execute(
            "INSERT INTO record (key, value) SELECT ?, ? WHERE (SELECT epoch FROM owner) = ?", [*row, epoch]
        )
        if added.rowcount != 1:
            mark("refused", at="append", epoch=epoch, code="FENCED")
            raise Fenced
        mark("ack", epoch=epoch, hashes=[hash_of(row)])
        self.known[key] = value


def run(journal, task, outcome):
    kind = task["kind"]
    if kind in ("sequence", "loop"):
        for part in task["of"] if kind == "sequence" else task["iterations"]:
            run(journal, part, outcome)
    elif kind == "step":
        step(journal, task, outcome)
    else:
        sys.exit(f"a {kind} task; this worker knows steps, sequences and loops")


def step(journal, task, outcome):
    name, fails = task["id"], task.get("fails", 0)
    for attempt in range(1, fails + 2):
        key = f"{name}~{attempt}"
        result = journal.known.get(key)
        if result is None and f"intent {key}" in journal.known:
            result = {"state": "unknown", "nonce": ""}
            journal.append(key, result)
        if result is None:
            if task["effect"] == "once":
                journal.append(f"intent {key}", True)
            result = act(task, attempt)
            if attempt <= fails:
                result["state"] = "failed"
            journal.append(key, result)
        if result["state"] == "failed" and attempt <= fails:
            continue
        mark("observed", step=name, nonce=result["nonce"] if result["state"] == "done" else "", state=result["state"])
        outcome[name] = result["nonce"] if result["state"] == "done" else result["state"]
        return


def act(task, attempt):
    """The effect itself. Its nonce must be new each time: what tells two effects apart."""
    nonce = f"{life}.{task['id']}.{attempt}.{os.urandom(6).hex()}"
    mark(
        "effect",
        step=task["id"],
        effect=task["effect"],
        key=f"{run_id}/{task['id']}",
        args=hash_of(task["id"]),
        nonce=nonce,
        epoch=epoch,
        attempt=attempt,
    )
    padding = "x" * task.get("resultBytes", 0)
    return {"state": "done", "nonce": nonce, "padding": padding}


mark("begin")
with open(os.environ["KILLPOINT_WORKLOAD"], encoding="utf-8") as file:
    workload = json.load(file)
try:
    journal = Journal(os.environ["KILLPOINT_DIR"])
    outcome = {}
    run(journal, workload["root"], outcome)
    mark("done", status="done", outcome=outcome)
except Fenced:
    sys.exit(75)
