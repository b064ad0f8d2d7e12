# SPDX-License-Identifier: Apache-2.0
# What is known of the flow that is asked about: input.facts, as `xborder decide --format facts` prints it.
package xborder.facts

import data.xborder.model
import rego.v1

# Silence of a complete row means "none" to a connecting factor; everything hangs on the categories, so never theirs.
value(path, _) := input.facts.values[path]

value(path, closed) := [] if {
	closed
	input.facts.complete
	path != "data_categories"
	not has(path)
}

has(path) if _ = input.facts.values[path]

known(path, closed) if _ = value(path, closed)

# Rego undoes `not` of a call in which a fact is unknown, so such questions have rules of their own.
has_list(path, closed) if is_array(value(path, closed))

# What a condition on text compares: numbers and truths as Python writes them.
text(value) := value if is_string(value)

text(value) := format_int(value, 10) if is_number(value)

text(true) := "True"

text(false) := "False"

# A fact with one value is a set of one here.
members(path, closed) := {member | some member in value(path, closed)} if is_array(value(path, closed))

members(path, closed) := {text(value(path, closed))} if not is_array(value(path, closed))

# The categories of the data, with those of what it was derived from; undefined when nobody said.
terms := categories | sources

categories := named if {
	is_array(input.facts.values.data_categories)
	named := {term | some term in input.facts.values.data_categories}
	count(named) > 0
}

default sources := set()

sources := {term | some term in listed} if {
	listed := input.facts.values["attributes.source_categories"]
	is_array(listed)
}

# Stated sources say what data was made of, unless one has a name that a safeguard or a derivation gave.
sources_tell if {
	count(sources) > 0
	every name in sources {
		not is_made_name(name)
	}
}

is_made_name(name) if name in {"anonymised", "personal_data.pseudonymised"}

is_made_name(name) if startswith(name, "derived")

# The day in a time zone; who asks may state it, which spares every engine its table of time zones.
day(zone) := input.facts.days[zone]

day(zone) := concat("-", [sprintf("%04d", [date[0]]), sprintf("%02d", [date[1]]), sprintf("%02d", [date[2]])]) if {
	not input.facts.days[zone]
	date := time.date([time.parse_rfc3339_ns(input.facts.as_of), zone])
}

within(period, today) if {
	object.get(period, "from", today) <= today
	today <= object.get(period, "until", today)
}

# Shares are decimals of at most nine places; whole numbers of the last place add up exactly.
share(text) := round(to_number(text) * 1000000000)

# What is wrong with the question itself. An engine that cannot read it allows nothing.
problems contains "input.facts is missing" if not input.facts

problems contains sprintf("input.facts.format is not %d", [model.format]) if {
	input.facts
	object.get(input.facts, "format", 0) != model.format
}

problems contains "input.facts.complete is neither true nor false" if {
	input.facts
	not is_boolean(object.get(input.facts, "complete", null))
}

problems contains "input.facts.values is missing" if {
	input.facts
	not is_object(object.get(input.facts, "values", null))
}

problems contains sprintf("no day in %s: input.facts.as_of is missing or no moment", [zone]) if {
	some zone in model.zones
	not has_day(zone)
}

has_day(zone) if regex.match(`^\d{4}-\d{2}-\d{2}$`, day(zone))

problems contains "input.facts.values.access_mode is missing" if not is_mode_stated

is_mode_stated if is_string(input.facts.values.access_mode)

problems contains sprintf("%s is not text, a number, a truth or a list of text", [path]) if {
	some path, value in input.facts.values
	not readable(value)
}

problems contains sprintf("unknown data category %s", [term]) if {
	some term in (terms | {one.category | some one in input.facts.counts})
	not model.vocabulary.categories[term]
}

problems contains sprintf("%s is no list", [name]) if {
	some name in ["mechanisms", "evidence", "consents", "counts", "listings", "owners"]
	not is_array(object.get(input.facts, name, []))
}

problems contains "purpose is no list" if {
	has("purpose")
	not has_list("purpose", false)
}

readable(value) if is_string(value)

readable(value) if is_boolean(value)

readable(value) if {
	is_number(value)
	value == round(value)
}

readable(value) if {
	is_array(value)
	every member in value {
		is_string(member)
	}
}
