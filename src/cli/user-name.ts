import { userInfo } from "node:os";

/** Who runs the command on this machine: what an audit row says where nobody has said more. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return "unknown";
  }
}
