import { importPeer } from "../../core/import-peer.js";

/** A PostgreSQL in Docker. */
export type ContainerServer = {
  readonly url: string;
  readonly image: string;
  readonly stop: () => Promise<void>;
};

let own: Promise<ContainerServer> | undefined;

/** The URL of this process's container, started once; testcontainers removes it when the process has ended. */
export async function startOwnContainer(): Promise<string> {
  own ??= startContainer();
  return (await own).url;
}

/**
 * Starts PostgreSQL in a container, the image of `TEST_POSTGRES_IMAGE` or the official one.
 *
 * @throws TenantryError `dependency-missing`, and whatever testcontainers throws without Docker.
 */
export async function startContainer(): Promise<ContainerServer> {
  const { PostgreSqlContainer } = await loadTestcontainers();
  const image = process.env.TEST_POSTGRES_IMAGE || "postgres:18-alpine";
  const container = await new PostgreSqlContainer(image)
    .withCommand(["postgres", "-c", "fsync=off", "-c", "max_connections=300"])
    .start();
  return { url: container.getConnectionUri(), image, stop: async () => void (await container.stop()) };
}

function loadTestcontainers() {
  const name = "@testcontainers/postgresql";
  const peer = { name, neededTo: "start PostgreSQL in a container", isForDevelopment: true };
  return importPeer(peer, () => import("@testcontainers/postgresql"));
}
