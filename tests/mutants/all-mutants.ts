import { AROUND } from "./cases/around.js";
import { CHANNELS } from "./cases/channels.js";
import { CONTEXT } from "./cases/context.js";
import { HAND_WRITTEN } from "./cases/hand-written.js";
import { OBJECTS, SHAPES } from "./cases/objects.js";
import { OUTSIDE } from "./cases/outside.js";
import { POLICIES } from "./cases/policies.js";
import { ROLES } from "./cases/roles.js";
import type { Mutant } from "./mutant.js";

/** Every fault and every near-miss, in both projects. */
export const MUTANTS: readonly Mutant[] = [
  ...POLICIES,
  ...CONTEXT,
  ...ROLES,
  ...OBJECTS,
  ...SHAPES,
  ...CHANNELS,
  ...OUTSIDE,
  ...HAND_WRITTEN,
  ...AROUND,
];
