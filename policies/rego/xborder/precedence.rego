# SPDX-License-Identifier: Apache-2.0
# Which rule stands in for which, and which two point in opposite directions. Who may stand in for whom inside a legal
# order is worked out in the data; here it is asked whether both apply, to the flow or to one part of it.
package xborder.precedence

import data.xborder.model
import data.xborder.requirements
import rego.v1

# A rule that certainly applies and is met stands in for those it may displace; an error is never displaced.
displacements contains [other, id] if {
	some id, "met" in requirements.status
	some other in model.requirements[id].displaces
	requirements.status[other] != "error"
}

displaced contains pair[0] if some pair in displacements

# What is displaced itself displaces nothing.
stood_in_for contains pair[0] if {
	some pair in displacements
	not pair[1] in displaced
}

binding contains id if {
	some id, status in requirements.status
	status in {"met", "unmet", "unknown"}
	not id in stood_in_for
}

contradictions contains sort([id, other]) if {
	some id in binding
	some other in model.requirements[id].contradicts
	other in binding
}

# Inside a legal order the level decides; between sovereigns, or equals, nobody but a person.
lower contains [id, other] if {
	some pair in contradictions
	some id in pair
	some other in pair
	model.requirements[id].yields_to[other]
}

yielding contains pair[0] if some pair in lower

overridden contains id if some id in stood_in_for

overridden contains pair[0] if {
	some pair in lower
	not pair[1] in yielding
}

conflicts contains pair if {
	some pair in contradictions
	count({id | some id in pair; id in overridden}) == 0
}

# What is found, with the rules that give way asking for nothing.
found := object.union(requirements.found, {
	"applied": {id: finding(id) | some id in requirements.applied},
	"conflicts": conflicts,
})

finding(id) := object.union(requirements.finding(id), {"severity": severity(id), "overridden": id in overridden})

severity(id) := 0 if {
	id in overridden
} else := requirements.severity[id]
