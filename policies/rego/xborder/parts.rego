# SPDX-License-Identifier: Apache-2.0
# A flow about several people and columns is one question for each part that regimes may see differently: what spares
# the whole may bind a part. Of what one rule says of the whole and of parts, the strictest stays.
package xborder.parts

import data.xborder.facts
import data.xborder.model
import data.xborder.precedence
import data.xborder.requirements
import rego.v1

dimensions := ["subjects.countries", "subjects.nationality", "subjects.collected_in", "data_categories"]

most := 2048

# The dimensions that the connecting factors and the rules of the regimes concerned tell apart.
paths contains path if {
	some path in dimensions
	count(members(path)) > 1
	is_dividing(path)
}

is_dividing(path) if model.divides[path]

is_dividing(path) if {
	some pack in requirements.entered
	model.packs[pack].divides[path]
}

is_dividing(path) if {
	some id in requirements.applied
	some name in model.requirements[id].dependencies
	model.packs[model.requirements[name].pack].divides[path]
}

# Each member alone; a subdivision goes with its country.
members("data_categories") := [[term] | some term in sort(facts.categories)]

members(path) := [alone(member) |
	named := facts.members(path, false)
	some member in sort(named)
	not member in {substring(other, 0, 2) | some other in named; contains(other, "-")}
] if {
	path != "data_categories"
}

alone(member) := [substring(member, 0, 2), member] if contains(member, "-")

alone(member) := [member] if not contains(member, "-")

choices(path) := [{path: member} | some member in members(path)] if path in paths

choices(path) := [{}] if not path in paths

number := product([count(choices(path)) | some path in dimensions])

problems contains sprintf("the flow falls into %d parts, and %d can be told apart", [number, most]) if number > most

parts := [object.union_n([first, second, third, fourth]) |
	count(paths) > 0
	number <= most
	some first in choices(dimensions[0])
	some second in choices(dimensions[1])
	some third in choices(dimensions[2])
	some fourth in choices(dimensions[3])
]

found := array.concat([precedence.found], [part_found |
	some part in parts
	part_found := precedence.found with input as {
		"facts": object.union(input.facts, {"values": object.union(input.facts.values, part)}),
		"part": {"concerned": {pack: true | some pack in requirements.considered}, "paths": paths},
	}
])

ids contains id if {
	some one in found
	some id, _ in one.applied
}

findings[id] := said[next(said, next(said, next(said, next(said, 0))))] if {
	some id in ids
	said := [one.applied[id] | some at, one in found; not spared(id, at)]
}

# The first that is stricter than the one at hand, or that one.
next(said, at) := min({later | some later, finding in said; later > at; replaces(finding, said[at])}) if {
	some later, finding in said
	later > at
	replaces(finding, said[at])
} else := at

replaces(finding, known) if finding.severity > known.severity

# Of two alike, one in whose place another rule stands binds less.
replaces(finding, known) if {
	finding.severity == known.severity
	known.overridden
	not finding.overridden
}

overridden contains id if {
	some id, finding in findings
	finding.overridden
}

conflicts contains pair if {
	some one in found
	some pair in one.conflicts
}

# A rule that certainly applies to the whole and is met is so for a part that it may apply to, if there too it would be met.
spared(id, at) if {
	at > 0
	found[at].applied[id].status == "may_apply"
	found[at].applied[id].would_be == 2
	found[0].applied[id].status == "met"
	not found[0].applied[id].overridden
}

considered[pack] := true in {one.considered[pack] | some one in found} if {
	some any_one in found
	some pack, _ in any_one.considered
}

open[pack] := lacking[count(lacking) - 1] if {
	some any_one in found
	some pack, _ in any_one.open
	lacking := [facts_of_one | some facts_of_one in array.concat(in_parts(pack), in_whole(pack))]
}

in_whole(pack) := [lacking | lacking := found[0].open[pack]]

in_parts(pack) := [lacking | some one in array.slice(found, 1, count(found)); lacking := one.open[pack]]

errors contains pack if {
	some one in found
	some pack in one.errors
}
