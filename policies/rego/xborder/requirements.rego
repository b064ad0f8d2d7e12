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

direct contains id if {
	some id in candidates
	connection[model.requirements[id].pack] == 2
	may_apply(id)
}

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
	severity[id] > 0
}

missing[id] := conditions.missing(model.requirements[id].constraint) if {
	status[id] == "unknown"
	severity[id] > 0
}

owed[id] := conditions.owed(model.requirements[id].constraint) if status[id] == "met"

obligations contains {"type": one.type, "parameters": one.parameters, "because": id} if {
	some id, of in owed
	some one in array.concat(of.obligations, object.get(model.requirements[id], "obligations", []))
}

warnings contains text if {
	some id, of in owed
	some text in array.concat(of.warnings, object.get(model.requirements[id], "warnings", []))
}

# Requirements that point opposite ways, both certainly applying: never settled by strictness.
certain contains id if {
	some id, found in status
	found in {"met", "unmet", "unknown"}
}

conflicts contains sort([id, other]) if {
	some id in certain
	some other in model.requirements[id].conflicts
	other in certain
}
