# SPDX-License-Identifier: Apache-2.0
# Which requirements apply to the flow, with what they rest on, and whether each is met.
package xborder.requirements

import data.xborder.conditions
import data.xborder.facts
import data.xborder.model
import rego.v1

# Whether a regime is concerned at all: 0 no, 1 unknown, 2 yes.
connection[pack] := conditions.truth(model.packs[pack].connects) if some pack, _ in model.packs

# Only what the facts leave possible is looked at; the key "?" holds what an unknown fact leaves possible.
candidates contains id if some id in model.candidates.always

candidates contains id if {
	some path, _ in model.candidates.facts
	some key in keys(path)
	some id in model.candidates.facts[path][key]
}

candidates contains id if {
	some term in category_keys
	some id in model.candidates.categories[term]
}

keys(path) := facts.members(path, false) if facts.has(path)

keys(path) := {"?"} if not facts.has(path)

category_keys := facts.terms if facts.terms

category_keys := {"?"} if not facts.terms

is_in_force(id) if {
	today := facts.day(model.requirements[id].zone)
	facts.within(model.requirements[id].in_force, today)
	not is_superseded(id, today)
}

is_superseded(id, today) if {
	some period in model.requirements[id].superseded
	facts.within(period, today)
}

applies(id) := conditions.truth(model.requirements[id].when)

may_apply(id) if {
	is_in_force(id)
	applies(id) != 0
}

# A regime of the whole flow concerns a part of it unless it certainly does not.
entered contains pack if {
	some pack, 2 in connection
}

entered contains pack if {
	some pack, 1 in connection
	input.part.concerned[pack]
}

direct contains id if {
	some id in candidates
	model.requirements[id].pack in entered
	tells(id)
	may_apply(id)
}

# Of a part only those rules are asked that may bind it while they spare the whole.
tells(id) if not input.part.concerned[model.requirements[id].pack]

tells(id) if {
	some path in input.part.paths
	model.requirements[id].divides[path]
}

# A rule that may give way to another is asked wherever that one may not reach; so is one that rests on other packs'.
tells(id) if model.requirements[id].yields

# A rule brings along what it rests on, even from a regime that nothing else connects.
applied := direct | graph.reachable(rests_on, direct)

rests_on[id] := {name | some name in model.requirements[id].dependencies; may_apply(name)} if some id in involved

involved contains id if some id in direct

involved contains name if {
	some id in direct
	some name in model.requirements[id].rests_on
}

# "may apply" is a status of its own here: such a requirement takes no part in conflicts.
status[id] := judged(id) if some id in applied

judged(id) := "error" if {
	applies(id) == "error"
} else := "may_apply" if {
	applies(id) == 1
} else := names[conditions.truth(model.requirements[id].constraint)]

names := {0: "unmet", 1: "unknown", 2: "met", "error": "error"}

# 0 allow, 1 review, 2 deny. What is unknown goes to a person; an error denies, since an unread prohibition may apply.
severity[id] := 2 if status[id] == "error"

severity[id] := 0 if status[id] == "met"

severity[id] := on_unmet[model.requirements[id].on_unmet] if status[id] == "unmet"

severity[id] := min({1, on_unmet[model.requirements[id].on_unmet]}) if status[id] in {"unknown", "may_apply"}

on_unmet := {"deny": 2, "review": 1, "track": 0}

missing[id] := conditions.missing(model.requirements[id].when) if {
	status[id] == "may_apply"
}

missing[id] := conditions.missing(model.requirements[id].constraint) if {
	status[id] == "unknown"
}

owed[id] := conditions.owed(model.requirements[id].constraint) if status[id] == "met"

# Everything that is found about one flow, or one part of it.
found := {
	"applied": {id: finding(id) | some id in applied},
	"considered": {pack: is_transfer(pack) | some pack in considered},
	"open": {pack: conditions.missing(model.packs[pack].connects) | some pack in open},
	"errors": {pack | some pack, "error" in connection},
}

finding(id) := {
	"status": status[id],
	"severity": severity[id],
	"would_be": would_be(id),
	"missing": object.get(missing, id, set()),
	"owed": object.get(owed, id, {"obligations": [], "warnings": []}),
}

# Whether a rule that may apply would be met.
would_be(id) := conditions.truth(model.requirements[id].constraint) if {
	input.part
	status[id] == "may_apply"
} else := "-"

open contains pack if {
	some pack, 1 in connection
	not pack in entered
}

considered contains pack if some pack in entered

considered contains pack if {
	some id in applied
	pack := model.requirements[id].pack
	not pack in open
	not connection[pack] == "error"
}

is_transfer(pack) if {
	pack in entered
	conditions.truth(model.packs[pack].transfer) == 2
} else := false
