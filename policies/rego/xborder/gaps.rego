# SPDX-License-Identifier: Apache-2.0
# Places that the flow touches and no regime answers for, and data that nobody categorised.
package xborder.gaps

import data.xborder.facts
import data.xborder.model
import rego.v1

# The two kinds that are only missing facts are no matter of configuration.
found contains {"kind": "place", "place": "?", "fact": unnamed[0]} if count(unnamed) > 0

unnamed := [path |
	some path in connections
	"?" in touched(path)
]

found contains {"kind": "rules_known", "place": place} if {
	some place in unanswered
	some row in model.coverage.known[place]
	concerns(row)
}

found contains {"kind": "jurisdiction", "place": place} if {
	some place in unanswered
	not model.coverage.known[place]
	is_jurisdiction(place)
}

found contains {"kind": "categories", "place": "", "fact": "data_categories"} if not is_categorised

found contains {"kind": "subdivision", "place": country, "fact": "source.subdivision"} if {
	country := input.facts.values["source.country"]
	not is_told(country)
	not input.facts.values.crosses_border == false
	some row in model.coverage.parts[country]
	concerns(row)
}

connections := ["source.place", "destination.place", "exporter.country", "importer.country", "subjects.countries", "reach"]

# Residence matters where the data may be about people; where an incomplete row does not say it, it may be anywhere.
touched(path) := facts.members(path, false) if {
	path != "subjects.countries"
	facts.has(path)
}

touched("subjects.countries") := facts.members("subjects.countries", false) if {
	may_be("personal_data")
	facts.has("subjects.countries")
}

touched("subjects.countries") := {"?"} if {
	may_be("personal_data")
	not facts.has("subjects.countries")
	not input.facts.complete
}

unanswered contains place if {
	some path in connections
	some place in touched(path)
	place != "?"
	not model.coverage.covered[place]
}

# A part of a country is a jurisdiction of its own only where somebody told parts of that country apart.
is_jurisdiction(place) if not contains(place, "-")

is_jurisdiction(place) if model.coverage.divided[substring(place, 0, 2)]

is_categorised if {
	facts.categories
	every term in facts.categories {
		not model.vocabulary.uncategorised[term]
	}
}

is_told(_) if facts.has("source.subdivision")

is_told(country) if {
	residents := facts.members("subjects.countries", false)
	count(residents) > 1
	not facts.has("subjects.undivided")
	every place in residents {
		substring(place, 0, 2) == country
	}
}

concerns(row) if count(row.categories) == 0

concerns(row) if {
	some kind in row.categories
	may_be(kind)
}

may_be(_) if not facts.categories

may_be(kind) if {
	some term in facts.categories
	model.kinds[kind][term] > 0
}

severity(gap) := 2 if {
	gap.kind in {"jurisdiction", "rules_known", "categories"}
	input.on_gap == "deny"
} else := 1
