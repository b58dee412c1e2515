/** Starts and stops what stands behind a system: database servers, brokers. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningService, Service, System } from '../system.ts'
import { markerVariable } from './environment.ts'
import type { Host } from './host.ts'
import { TroubleError } from './trouble.ts'

/** Stands in a marker for the case: services belong to none, so what a case leaves behind is never one of them. */
const servicesMarker = 'services'

/** The services of the campaign, and fresh ones of scope `case`, in the order of the system's description. */
export async function startCaseServices(
  host: Host,
  root: string,
): Promise<ReadonlyMap<string, RunningService>> {
  const running = new Map<string, RunningService>()
  for (const service of host.system.services ?? []) {
    const shared = host.services.get(service.name)
    // Under `tmp`, which the worker may use too and the stray check leaves alone.
    running.set(service.name, shared ?? (await startIn(service, join(root, 'tmp'), host.campaign)))
  }
  return running
}

/** The services of scope `campaign`. */
export async function startCampaignServices(
  system: System,
  root: string,
  campaign: string,
): Promise<ReadonlyMap<string, RunningService>> {
  const running = new Map<string, RunningService>()
  for (const service of system.services ?? [])
    if (service.scope === 'campaign')
      running.set(service.name, await startIn(service, root, campaign))
  return running
}

/** Stops all but those to be kept, in reverse order. */
export async function stopServices(
  services: ReadonlyMap<string, RunningService>,
  except: ReadonlyMap<string, RunningService> = new Map(),
): Promise<void> {
  for (const [name, service] of [...services].reverse()) if (!except.has(name)) await service.stop()
}

async function startIn(
  service: Service,
  parent: string,
  campaign: string,
): Promise<RunningService> {
  const directory = join(parent, `service-${service.name}`)
  mkdirSync(directory, { recursive: true })
  try {
    return await service.start(directory, { [markerVariable]: `${campaign}/${servicesMarker}` })
  } catch (error) {
    throw new TroubleError(
      {
        kind: 'service',
        message: `service ${service.name} did not start: ${error instanceof Error ? error.message : String(error)}`,
        hint: 'start it by hand with the same version and an empty data directory',
      },
      error,
    )
  }
}
