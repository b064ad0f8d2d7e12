# SPDX-License-Identifier: Apache-2.0
# The answer to one flow, or to many in one call. Generated data is under data.xborder.model; see docs/how-to/export-to-opa.md.
#   POST /v1/data/xborder/answer   {"input": {"facts": {...}}}
#   POST /v1/data/xborder/answers  {"input": {"batch": [{...}, ...]}}
#   POST /v1/data/xborder/allow    {"input": {"facts": {...}}}
package xborder

import data.xborder.facts
import data.xborder.gaps
import data.xborder.model
import data.xborder.parts
import rego.v1

default allow := false

allow if answer.allowed

# One answer for each facts document of the batch, in its order.
answers := [found |
	some document in input.batch
	found := answer with input as {"facts": document, "on_gap": object.get(input, "on_gap", "review")}
]

answer := refused(sort(facts.problems)) if {
	count(facts.problems) > 0
} else := refused(sort(parts.problems)) if {
	count(parts.problems) > 0
} else := full if {
	full
} else := refused(["the rules could not be evaluated"])

refused(problems) := {
	"outcome": "deny",
	"allowed": false,
	"policy_digest": model.digest,
	"errors": problems,
}

full := {
	"outcome": outcomes[severity],
	"allowed": severity == 0,
	"is_transfer": true in {is_transfer | some is_transfer in parts.considered},
	"policy_digest": model.digest,
	"regimes": [regime | some pack in sort(object.keys(model.packs)); some regime in by_pack[pack]],
	"not_considered": not_considered,
	"applicable": applicable,
	"violations": violations,
	"missing_facts": sort(missing_facts),
	"gaps": sort(gaps.found),
	"conflicts": sort(parts.conflicts),
	"overridden": sort(parts.overridden),
	"restrictions": sort(carried | {concat("/", pair) | some pair in parts.conflicts}),
	"obligations": obligations,
	"warnings": sort(warnings),
	"errors": sort(parts.errors),
}

outcomes := ["allow", "review", "deny"]

severity := max(severities)

severities contains 0

severities contains finding.severity if some finding in parts.findings

severities contains gaps.severity(gap) if some gap in gaps.found

severities contains 1 if count(parts.open) > 0

severities contains 2 if count(parts.errors) > 0

# Data stays where it is until a person has resolved a conflict; storage goes on under a restriction.
severities contains 1 if {
	count(parts.conflicts) > 0
	input.facts.values.access_mode != "store"
}

severities contains 1 if {
	count(carried) > 0
	not input.facts.values.access_mode in {"store", "erase"}
}

by_pack[pack] contains {"id": pack, "is_transfer": is_transfer, "outcome": outcomes[regime_severity(pack)]} if {
	some pack, is_transfer in parts.considered
	not pack in parts.errors
}

by_pack[pack] contains {"id": pack, "is_transfer": false, "outcome": "review"} if some pack, _ in parts.open

by_pack[pack] contains {"id": pack, "is_transfer": false, "outcome": "deny"} if some pack in parts.errors

regime_severity(pack) := max({0} | {value |
	some id, finding in parts.findings
	model.requirements[id].pack == pack
	value := finding.severity
})

not_considered := sort(((object.keys(model.packs) - object.keys(parts.considered)) - object.keys(parts.open)) - parts.errors)

applicable := [row |
	some id in sort(parts.ids)
	rule := model.requirements[id]
	row := {
		"requirement_id": id,
		"status": shown(parts.findings[id].status),
		"citation": rule.citation,
		"level": rule.level,
		"regime": rule.pack,
		"jurisdiction": rule.jurisdiction,
		"outcome": outcomes[parts.findings[id].severity],
		"review_required": object.get(rule, "review_required", false),
	}
]

shown(status) := "unknown" if {
	status == "may_apply"
} else := status

violations := [{"requirement_id": id, "citation": model.requirements[id].citation} |
	some id in sort(parts.ids)
	parts.findings[id].status in {"unmet", "unknown"}
	parts.findings[id].severity > 0
]

missing_facts contains fact if {
	some finding in parts.findings
	finding.severity > 0
	some fact in finding.missing
}

missing_facts contains fact if {
	some lacking in parts.open
	some fact in lacking
}

missing_facts contains gap.fact if some gap in gaps.found

default carried := set()

carried := facts.members("provenance.restrictions", false)

owed contains {"type": one.type, "parameters": one.parameters, "because": id} if {
	some evaluated in parts.found
	some id, finding in evaluated.applied
	finding.status == "met"
	not finding.overridden
	some one in array.concat(finding.owed.obligations, object.get(model.requirements[id], "obligations", []))
}

obligations := [{"type": one.type, "parameters": one.parameters, "because": sort(because(one))} |
	some one in sort({{"type": row.type, "parameters": row.parameters} | some row in owed})
]

because(one) := {row.because |
	some row in owed
	row.type == one.type
	row.parameters == one.parameters
}

warnings contains text if {
	some evaluated in parts.found
	some id, finding in evaluated.applied
	finding.status == "met"
	some text in array.concat(finding.owed.warnings, object.get(model.requirements[id], "warnings", []))
}

warnings contains sprintf("check against the cited text before relying on it: %s", [concat(", ", unchecked)]) if {
	unchecked := sort({id | some id in parts.ids; model.requirements[id].review_required})
	count(unchecked) > 0
}
