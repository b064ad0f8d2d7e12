# SPDX-License-Identifier: Apache-2.0
# The questions that a look-up answers, all at once: what the facts say is looked up in the index, not each question in
# the facts. `certain` are those with the answer yes, `possible` those with yes or unknown; the rest is no.
package xborder.lookups

import data.xborder.facts
import data.xborder.model
import rego.v1

answer(id) := 2 if {
	id in certain
} else := 1 if {
	id in possible
} else := 0

possible contains id if some id in certain

# Some member of the fact is one of the question's values.
certain contains id if {
	some entry in model.index.some
	not is_choice(entry)
	some member in facts.members(entry.path, entry.closed)
	some id in entry.values[member]
}

possible contains id if {
	some entry in model.index.some
	is_open(entry)
	not is_choice(entry)
	some id in entry.all
}

# Every member is. A place question ("covered") asks the same of its places.
certain contains id if {
	some number, entry in model.index.every
	not is_open(entry)
	some id in every_member(number)
}

possible contains id if {
	some number, entry in model.index.every
	is_open(entry)
	not is_choice(entry)
	some id in every_member(number)
}

every_member(number) := intersection({{id | some id in entry.values[member]} | some member in named(entry)} | {{id | some id in entry.all}}) if {
	entry := model.index.every[number]
}

# The purpose that nobody named is one of these candidates: both questions are about that one.
certain contains id if {
	some entry in choices
	some id in intersection({{id | some id in entry.values[member]} | some member in named(entry)} | {{id | some id in entry.all}})
}

possible contains id if {
	some entry in choices
	some member in named(entry)
	some id in entry.values[member]
}

choices := [entry |
	some questions in [model.index.some, model.index.every]
	some entry in questions
	is_choice(entry)
]

certain contains id if {
	some entry in model.index.is
	value := facts.value(entry.path, entry.closed)
	is_boolean(value)
	some id in entry.values[facts.text(value)]
}

possible contains id if {
	some entry in model.index.is
	not facts.known(entry.path, entry.closed)
	some id in entry.all
}

certain contains id if {
	some entry in model.index.known
	not is_open(entry)
	some id in entry.all
}

# None of the members is one of the values; never unknown.
certain contains id if {
	some entry in model.index.absent
	present := {id | some member in named(entry); some id in entry.values[member]}
	some id in entry.all
	not id in present
}

certain contains id if {
	some term in facts.terms
	some id in model.index.kind[term].certain
}

possible contains id if {
	some term in facts.terms
	some id in model.index.kind[term][possibly]
}

possible contains id if {
	not facts.terms
	some id in model.index.kind["?"]
}

# What derived data may be is settled where its sources are stated.
possibly := "possible_with_sources" if facts.sources_tell

possibly := "possible" if not facts.sources_tell

certain contains id if {
	some document in input.facts.evidence
	some question in model.index.evidence[document.type]
	facts.within(document, facts.day(question.zone))
	id := question.id
}

certain contains id if {
	some safeguard in input.facts.values.safeguards
	some id in model.index.safeguard[safeguard]
}

certain contains id if {
	some fit in fits
	fit.answer == 2
	id := fit.id
}

possible contains fit.id if some fit in fits

# A mechanism is a ground for one thing only, and clauses must be of the module that fits the roles.
fits contains {"id": question.id, "answer": answered} if {
	some document in input.facts.mechanisms
	some question in model.index.mechanism[document.type]
	document.ground_for == question.ground_for
	facts.within(document, facts.day(question.zone))
	answered := roles_fit(document, question)
	answered > 0
}

roles_fit(document, question) := 2 if {
	document.type != "scc_eu"
} else := 2 if {
	some role in ["exporter.role", "importer.role"]
	not facts.known(role, question.closed)
} else := 1 if {
	not document.module
} else := 2 if {
	roles := [facts.value(role, question.closed) | some role in ["exporter.role", "importer.role"]]
	model.vocabulary.scc_modules[format_int(document.module, 10)] == roles
} else := 0

# Not known, or with further members that nobody named.
is_open(entry) if not facts.known(entry.path, entry.closed)

is_open(entry) if "?" in facts.members(entry.path, entry.closed)

is_choice(entry) if {
	entry.path == "purpose"
	"?" in facts.members("purpose", entry.closed)
}

named(entry) := facts.members(entry.path, entry.closed) - {"?"}
