import { importPeer } from "../../core/import-peer.js";

/** The library that encrypts and decrypts. @throws TenantryError `dependency-missing` */
export function loadAge(): Promise<typeof import("age-encryption")> {
  const peer = { name: "age-encryption", neededTo: "encrypt a backup, and to read one that is encrypted" };
  return importPeer(peer, () => import("age-encryption"));
}
