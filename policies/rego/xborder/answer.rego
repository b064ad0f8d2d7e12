# SPDX-License-Identifier: Apache-2.0
# The answer to one flow, or to many in one call. Generated data is under data.xborder.model; see docs/how-to/export-to-opa.md.
#   POST /v1/data/xborder/answer   {"input": {"facts": {...}}}
#   POST /v1/data/xborder/answers  {"input": {"batch": [{...}, ...]}}
#   POST /v1/data/xborder/allow    {"input": {"facts": {...}}}
package xborder

import data.xborder.conditions
import data.xborder.facts
import data.xborder.gaps
import data.xborder.model
import data.xborder.requirements
import rego.v1

default allow := false

allow if answer.allowed

# One answer for each facts document of the batch, in its order.
answers := [found |
	some document in input.batch
	found := answer with input as {"facts": document, "on_gap": object.get(input, "on_gap", "review")}
]

answer := refusal if {
	count(facts.problems) > 0
} else := full if {
	full
} else := failure

refusal := refused(sort(facts.problems))

failure := refused(["the rules could not be evaluated"])

refused(problems) := {
	"outcome": "deny",
	"allowed": false,
	"policy_digest": model.digest,
	"errors": problems,
}

full := {
	"outcome": outcomes[severity],
	"allowed": severity == 0,
	"is_transfer": true in {regime.is_transfer | some regime in regimes},
	"policy_digest": model.digest,
	"regimes": regimes,
	"not_considered": not_considered,
	"applicable": applicable,
	"violations": violations,
	"missing_facts": sort(missing_facts),
	"gaps": sort(gaps.found),
	"conflicts": sort(requirements.conflicts),
	"restrictions": sort(restrictions),
	"obligations": obligations,
	"warnings": sort(requirements.warnings),
	"errors": [],
}

outcomes := ["allow", "review", "deny"]

severity := max(severities)

severities contains 0

severities contains value if some value in requirements.severity

severities contains gaps.severity(gap) if some gap in gaps.found

severities contains 1 if 1 in {truth | some truth in requirements.connection}

severities contains 2 if "error" in {truth | some truth in requirements.connection}

severities contains 1 if count(requirements.conflicts) > 0

severities contains 1 if count(binding) > 0

regimes := [{"id": pack, "is_transfer": is_transfer(pack), "outcome": outcomes[regime_severity(pack)]} |
	some pack in sort(concerned)
]

# Concerned: connected, perhaps connected, or brought along by what a rule rests on.
concerned contains pack if {
	some pack, truth in requirements.connection
	truth != 0
}

concerned contains pack if {
	some id in requirements.applied
	pack := model.requirements[id].pack
}

not_considered := [pack |
	some pack in sort(object.keys(model.packs))
	not pack in concerned
]

is_transfer(pack) if {
	requirements.connection[pack] == 2
	conditions.truth(model.packs[pack].transfer) == 2
} else := false

regime_severity(pack) := 2 if {
	requirements.connection[pack] == "error"
} else := 1 if {
	requirements.connection[pack] == 1
} else := max({0} | {value | some id, value in requirements.severity; model.requirements[id].pack == pack})

applicable := [row |
	some id in sort(requirements.applied)
	rule := model.requirements[id]
	row := {
		"requirement_id": id,
		"status": shown(requirements.status[id]),
		"citation": rule.citation,
		"level": rule.level,
		"regime": rule.pack,
		"outcome": outcomes[requirements.severity[id]],
		"review_required": object.get(rule, "review_required", false),
	}
]

shown(status) := "unknown" if {
	status == "may_apply"
} else := status

violations := [{"requirement_id": id, "citation": model.requirements[id].citation} |
	some id in sort(requirements.applied)
	requirements.status[id] in {"unmet", "unknown"}
	requirements.severity[id] > 0
]

missing_facts contains fact if {
	some facts_of_rule in requirements.missing
	some fact in facts_of_rule
}

missing_facts contains fact if {
	some pack, 1 in requirements.connection
	some fact in conditions.missing(model.packs[pack].connects)
}

missing_facts contains gap.fact if some gap in gaps.found

default restrictions := set()

restrictions := facts.members("provenance.restrictions", false)

# Storage goes on under a restriction; other use does not.
binding := restrictions if not input.facts.values.access_mode in {"store", "erase"}

default binding := set()

obligations := [{"type": one.type, "parameters": one.parameters, "because": sort(because(one))} |
	some one in sort({{"type": row.type, "parameters": row.parameters} | some row in requirements.obligations})
]

because(one) := {row.because |
	some row in requirements.obligations
	row.type == one.type
	row.parameters == one.parameters
}
