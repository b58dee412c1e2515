// One life of a run, in Go: standard library only, a file of JSON lines as its journal.
//
// A line is one record, written at once and synced before its ack. What stands behind the last whole line is a torn append: it is cut off
// before anything else is done. A once step has its intent committed before its effect; an intent without a result is an unknown outcome.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

type object = map[string]any

type record struct {
	Key   string `json:"key"`
	Value object `json:"value"`
}

type task struct {
	Kind       string `json:"kind"`
	ID         string `json:"id"`
	Effect     string `json:"effect"`
	Fails      int    `json:"fails"`
	Of         []task `json:"of"`
	Iterations []task `json:"iterations"`
}

var life, _ = strconv.Atoi(os.Getenv("KILLPOINT_LIFE"))
var ledger = os.NewFile(3, "ledger")
var known = map[string]object{}
var outcome = object{}
var journal *os.File

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func mark(name string, more object) {
	more["mark"] = name
	more["life"] = life
	line, err := json.Marshal(more)
	must(err)
	_, err = ledger.Write(append(line, '\n'))
	must(err)
}

func hash(value any) string {
	text, err := json.Marshal(value)
	must(err)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:16]
}

func open(directory string) {
	path := filepath.Join(directory, "journal")
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		must(err)
	}
	whole := 0
	hashes := []string{}
	for {
		end := bytes.IndexByte(old[whole:], '\n')
		var one record
		if end < 0 || json.Unmarshal(old[whole:whole+end], &one) != nil {
			break
		}
		known[one.Key] = one.Value
		hashes = append(hashes, hash(one))
		whole += end + 1
	}
	journal, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	must(err)
	must(journal.Truncate(int64(whole)))
	_, err = journal.Seek(int64(whole), 0)
	must(err)
	must(journal.Sync())
	parent, err := os.Open(directory)
	must(err)
	must(parent.Sync())
	mark("resolved", object{"epoch": life})
	mark("recovered", object{"epoch": life, "hashes": hashes})
}

func appendRecord(key string, value object) {
	one := record{key, value}
	line, err := json.Marshal(one)
	must(err)
	mark("appending", object{"epoch": life, "hashes": []string{hash(one)}})
	_, err = journal.Write(append(line, '\n'))
	must(err)
	if os.Getenv("UNSYNCED") == "" {
		must(journal.Sync())
	}
	mark("ack", object{"epoch": life, "hashes": []string{hash(one)}})
	known[key] = value
}

func run(it task) {
	switch it.Kind {
	case "sequence":
		for _, part := range it.Of {
			run(part)
		}
	case "loop":
		for _, part := range it.Iterations {
			run(part)
		}
	case "step":
		step(it)
	default:
		must(fmt.Errorf("a %s task; this worker knows steps, sequences and loops", it.Kind))
	}
}

func step(it task) {
	for attempt := 1; attempt <= it.Fails+1; attempt++ {
		key := fmt.Sprintf("%s~%d", it.ID, attempt)
		result, isKnown := known[key]
		if _, begun := known["intent "+key]; !isKnown && begun {
			result = object{"state": "unknown", "nonce": ""}
			appendRecord(key, result)
			isKnown = true
		}
		if !isKnown {
			if it.Effect == "once" {
				appendRecord("intent "+key, object{})
			}
			result = act(it, attempt)
			if attempt <= it.Fails {
				result["state"] = "failed"
			}
			appendRecord(key, result)
		}
		state := result["state"].(string)
		if state == "failed" && attempt <= it.Fails {
			continue
		}
		nonce := ""
		outcome[it.ID] = state
		if state == "done" {
			nonce = result["nonce"].(string)
			outcome[it.ID] = nonce
		}
		mark("observed", object{"step": it.ID, "nonce": nonce, "state": state})
		return
	}
}

func act(it task, attempt int) object {
	drawn := make([]byte, 6)
	_, err := rand.Read(drawn)
	must(err)
	nonce := fmt.Sprintf("%d.%s.%d.%x", life, it.ID, attempt, drawn)
	mark("effect", object{"step": it.ID, "effect": it.Effect, "key": os.Getenv("KILLPOINT_RUN_ID") + "/" + it.ID,
		"args": hash(it.ID), "nonce": nonce, "epoch": life, "attempt": attempt})
	return object{"state": "done", "nonce": nonce}
}

func main() {
	mark("begin", object{})
	file, err := os.Open(os.Getenv("KILLPOINT_WORKLOAD"))
	must(err)
	var workload struct {
		Root task `json:"root"`
	}
	must(json.NewDecoder(bufio.NewReader(file)).Decode(&workload))
	open(os.Getenv("KILLPOINT_DIR"))
	run(workload.Root)
	mark("done", object{"status": "done", "outcome": outcome})
}
