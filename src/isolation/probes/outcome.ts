/** How one attack on one table ended. */
export type Outcome =
  | { readonly result: "held" }
  /** The attack worked. The evidence names tables, keys and made-up tenants, never a value of a real row. */
  | { readonly result: "leaked"; readonly evidence: string }
  /** What a tenant may do with its own rows failed: an outage, and a sign that "held" proves nothing. */
  | { readonly result: "outage"; readonly evidence: string }
  | { readonly result: "not applicable"; readonly reason: string }
  /** It could not be tried, though there is something to try it on. */
  | {
      readonly result: "not possible";
      readonly reason: string;
      /** True if another probe has found why, so that one finding is enough. */
      readonly isToldElsewhere?: true;
    }
  /** The server answered in a way that says neither. */
  | { readonly result: "error"; readonly reason: string };

/** The attack was refused or found nothing. */
export const HELD: Outcome = { result: "held" };

/** The attack worked. */
export function leaked(evidence: string): Outcome {
  return { result: "leaked", evidence };
}

/** No row could be made for the attack. */
export function notPossible(reason: string): Outcome {
  return { result: "not possible", reason };
}

/** There is nothing here that this attack could be tried on. */
export function notApplicable(reason: string): Outcome {
  return { result: "not applicable", reason };
}

/** A refusal says nothing where the tenant's own use is refused as well, which `probe-outage` tells. */
export const UNPROVEN: Outcome = {
  result: "not possible",
  reason: "services cannot use their own rows here, so that a refusal proves nothing",
  isToldElsewhere: true,
};
