# SPDX-License-Identifier: Apache-2.0
# Questions that need more than a look-up; those are in lookups.rego. Answers: 0 no, 1 unknown, 2 yes, "error" where none can be given.
package xborder.questions

import data.xborder.facts
import data.xborder.model
import rego.v1

answer(id) := found if {
	question := model.questions[id]
	found := ask(question.op, question)
} else := "error"

yes_or_no(condition) := 2 if condition

yes_or_no(condition) := 0 if not condition

ask("constant", question) := question.answer

ask("number", question) := 0 if {
	facts.value(question.path, question.closed) == []
} else := 1 if {
	not has_number(question)
} else := 2 if {
	value := facts.value(question.path, question.closed)
	object.get(question, "at_least", value) <= value
	value < object.get(question, "less_than", value + 1)
} else := 0

has_number(question) if is_number(facts.value(question.path, question.closed))

# The purpose, by itself and by what it is a kind of, is none of those the data was collected for.
ask("not_among", question) := 1 if {
	not facts.has_list(question.path, question.closed)
} else := 1 if {
	not facts.has_list(question.other, question.closed)
} else := flip(one_of(facts.members("purpose", false) - {"?"}, among(question))) if {
	is_open_choice(question)
} else := 2 if {
	count((facts.members(question.path, question.closed) - among(question)) - {"?"}) > 0
} else := 1 if {
	has_more(question)
} else := 0

ask("consent", question) := max({0} | {fits |
	some consent in input.facts.consents
	fits := consent_fits(consent, question)
})

ask("listed", question) := 1 if {
	not input.facts.listings
} else := max({0} | {covers |
	some row in input.facts.listings
	row.framework == question.framework
	covers := listing_covers(row)
})

ask("owned", question) := 1 if {
	not input.facts.owners
} else := yes_or_no(held >= question.at_least) if {
	held := sum([facts.share(owner.share) | some owner in input.facts.owners; model.sets[question.set][owner.country]])
}

ask("counted", question) := 1 if {
	not facts.terms
} else := 0 if {
	count(concerned(question)) == 0
} else := 2 if {
	some row in input.facts.counts
	row.unit == question.unit
	row.n >= question.bound
	in_window(row, question)
	some category in question.categories
	model.kinds[category][row.category] == 2
} else := 1 if {
	some term in concerned(question)
	count(totals(term, question)) == 0
} else := 1 if {
	least := {min(totals(term, question)) | some term in concerned(question)}
	sum([pair[0] | some pair in least]) >= question.bound
} else := 0

ask("in_force", question) := 0 if {
	row := model.designations[question.designation]
	not is_in_force(row, facts.day(question.zone))
} else := 2

is_in_force(row, today) if {
	facts.within(row, today)
	not is_suspended(row, today)
}

is_suspended(row, today) if {
	some period in row.suspended
	facts.within(period, today)
}

# The purpose that nobody named is one of several candidates.
is_open_choice(question) if {
	question.path == "purpose"
	has_more(question)
}

has_more(question) if {
	is_array(facts.value(question.path, question.closed))
	"?" in facts.value(question.path, question.closed)
}

one_of(candidates, holding) := 2 if {
	count(candidates - holding) == 0
} else := 1 if {
	count(candidates & holding) > 0
} else := 0

flip(answered) := "error" if {
	answered == "error"
} else := 2 - answered

among(question) := {member |
	some member in facts.members(question.path, question.closed)
	some ancestor in ancestors(member)
	ancestor in facts.members(question.other, question.closed)
}

ancestors(term) := object.keys(model.vocabulary.ancestors[term])

ancestors(term) := {term} if not model.vocabulary.ancestors[term]

# Derived data is of the kinds of its sources, where these are stated; data named after a safeguard that cures nothing
# for the rule that asks may still be of any kind.
is_kind(term, kind, question) := plainly(term, kind) if {
	not question.uncured[term]
	not startswith(term, "derived")
} else := yes_or_no(plainly(term, kind) == 2) if {
	facts.sources_tell
} else := 1 if {
	question.uncured[term]
	plainly(term, kind) == 0
} else := plainly(term, kind)

plainly(term, kind) := object.get(model.kinds[kind], term, 0)

concerned(question) := {term |
	some term in facts.terms
	some category in question.categories
	is_kind(term, category, question) != 0
}

in_window(row, _) if row.scope == "this_flow"

in_window(row, question) if is_total(row, question)

is_total(row, question) if {
	question.window == "this_flow"
	row.scope == "this_flow"
}

is_total(row, question) if {
	question.window != "this_flow"
	row.scope == "window"
	object.get(row, "window", question.window) == question.window
}

# Of several totals of one category the largest counts.
totals(term, question) := {[max(numbers), category] |
	some category in {row.category | some row in counted(question)}
	model.vocabulary.ancestors[term][category]
	numbers := {row.n | some row in counted(question); row.category == category}
}

counted(question) := {row |
	some row in input.facts.counts
	row.unit == question.unit
	is_total(row, question)
}

consent_fits(consent, question) := 0 if {
	not model.sets[question.set][consent.type]
} else := 0 if {
	consent.ground_for != question.ground_for
} else := 0 if {
	facts.share(consent.coverage) == 0
} else := 2 if {
	not consent.purpose
} else := 1 if {
	not facts.has_list("purpose", false)
} else := 1 if {
	count(facts.value("purpose", false)) == 0
} else := one_of(facts.members("purpose", false) - {"?"}, {consent.purpose})

listing_covers(row) := 1 if {
	not row.status
} else := 0 if {
	row.status != "active"
} else := listing_covers_group(row, staff_data)

listing_covers_group(row, "unknown") := 2 if {
	count({"hr", "non_hr"} - {name | some name in row.covers}) == 0
} else := 1

listing_covers_group(row, group) := 1 if {
	group != "unknown"
	not row.covers
} else := yes_or_no(group in row.covers) if {
	group != "unknown"
}

# Whether some of it is about staff; a complete row that does not say so means no.
staff_data := "hr" if {
	"personal_data.employment" in facts.terms
} else := staff_group

staff_group := "hr" if {
	some group in input.facts.values["subjects.groups"]
	group in {"employee", "job_applicant", "trainee"}
} else := "non_hr" if {
	is_array(input.facts.values["subjects.groups"])
} else := "non_hr" if {
	input.facts.complete
} else := "unknown"

# The facts that an unknown answer lacks.
missing(id) := lacking(model.questions[id].op, model.questions[id])

lacking("number", question) := {question.path}

lacking("consent", _) := {"purpose"}

lacking("owned", _) := {"importer.owners"}

lacking("listed", _) := {"importer.listings"} if {
	not input.facts.listings
} else := {"subjects.groups"}

lacking("counted", _) := {"counts"} if {
	facts.terms
} else := {"data_categories"}

lacking("not_among", question) := {path |
	some path in [question.path, question.other]
	not is_settled(path, question.closed)
}

lacking(op, _) := set() if op in {"constant", "in_force"}

is_settled(path, closed) if {
	is_array(facts.value(path, closed))
	not "?" in facts.value(path, closed)
}

# What relying on a yes obliges to, and warns of.
owed(id) := {"obligations": array.concat(stated(id), consent_filter(id)), "warnings": said(id)}

stated(id) := object.get(model.questions[id], "obligations", [])

# Where not all agreed, only their rows may go.
consent_filter(id) := [] if {
	model.questions[id].op != "consent"
} else := [] if {
	some consent in fitting(id)
	facts.share(consent.coverage) == 1000000000
} else := [{"type": "filter_rows_by_consent", "parameters": {"purpose": purpose}} |
	some purpose in {purpose | some consent in fitting(id); purpose := agreed_purpose(consent)}
]

fitting(id) := {consent |
	some consent in input.facts.consents
	consent_fits(consent, model.questions[id]) == 2
}

agreed_purpose(consent) := object.get(consent, "purpose", object.get(input.facts, "purpose", ""))

# Once for each place that the designation is about.
said(id) := [question.warning |
	question := model.questions[id]
	question.warning
	some place in facts.members(question.path, question.closed)
	model.sets[question.set][place]
]
