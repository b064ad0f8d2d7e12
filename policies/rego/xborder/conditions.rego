# SPDX-License-Identifier: Apache-2.0
# Conditions: gates over questions, strong Kleene logic with 0 no, 1 unknown, 2 yes; "error" wins over all.
# Rego knows no recursion: a gate of level N combines questions with gates of level N-1, and each level has its rules.
package xborder.conditions

import data.xborder.lookups
import data.xborder.model
import data.xborder.questions
import rego.v1

# The truth of a gate on whichever level it stands.
truth(id) := found if {
	found := truth_at(model.gates[id].level, id)
} else := "error"

truth_at(1, id) := truth_1(id)

truth_at(2, id) := truth_2(id)

truth_at(3, id) := truth_3(id)

truth_at(4, id) := truth_4(id)

truth_at(5, id) := truth_5(id)

truth_at(6, id) := truth_6(id)

truth_at(7, id) := truth_7(id)

truth_at(8, id) := truth_8(id)

truth_at(9, id) := truth_9(id)

truth_at(10, id) := truth_10(id)

truth_at(11, id) := truth_11(id)

truth_at(12, id) := truth_12(id)

truth_at(13, id) := truth_13(id)

truth_at(14, id) := truth_14(id)

truth_at(15, id) := truth_15(id)

truth_at(16, id) := truth_16(id)

# What the questions that a look-up answers make of a gate.
own("all", id) := 0 if {
	count(object.keys(model.gates[id].yes) - lookups.possible) > 0
} else := 0 if {
	count(object.keys(model.gates[id].no) & lookups.certain) > 0
} else := 1 if {
	count(object.keys(model.gates[id].yes) - lookups.certain) > 0
} else := 1 if {
	count(object.keys(model.gates[id].no) & lookups.possible) > 0
} else := 2

own_any(id) := 2 if {
	count(object.keys(model.gates[id].yes) & lookups.certain) > 0
} else := 2 if {
	count(object.keys(model.gates[id].no) - lookups.possible) > 0
} else := 1 if {
	count(object.keys(model.gates[id].yes) & lookups.possible) > 0
} else := 1 if {
	count(object.keys(model.gates[id].no) - lookups.certain) > 0
} else := 0

own("any", id) := own_any(id)

own("each", id) := own_any(id)

# What the other questions answer.
asked(id) := {questions.answer(question) | some question, _ in model.gates[id].slow_yes} | {questions.flip(questions.answer(question)) |
	some question, _ in model.gates[id].slow_no
}

# What a gate's own questions already decide.
settled(id) := truth if {
	truth := own(model.gates[id].op, id)
	truth == deciding[model.gates[id].op]
}

deciding := {"all": 0, "any": 2, "each": 2}

combined(op, answers) := "error" if {
	"error" in answers
} else := min(answers) if {
	op == "all"
} else := max(answers)

truth_1(id) := own(model.gates[id].op, id) if not model.gates[id].slow

truth_1(id) := combined(model.gates[id].op, asked(id) | {own(model.gates[id].op, id)}) if model.gates[id].slow

truth_2(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_1(gate) | some gate in model.gates[id].gates}))

truth_3(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_2(gate) | some gate in model.gates[id].gates}))

truth_4(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_3(gate) | some gate in model.gates[id].gates}))

truth_5(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_4(gate) | some gate in model.gates[id].gates}))

truth_6(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_5(gate) | some gate in model.gates[id].gates}))

truth_7(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_6(gate) | some gate in model.gates[id].gates}))

truth_8(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_7(gate) | some gate in model.gates[id].gates}))

truth_9(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_8(gate) | some gate in model.gates[id].gates}))

truth_10(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_9(gate) | some gate in model.gates[id].gates}))

truth_11(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_10(gate) | some gate in model.gates[id].gates}))

truth_12(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_11(gate) | some gate in model.gates[id].gates}))

truth_13(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_12(gate) | some gate in model.gates[id].gates}))

truth_14(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_13(gate) | some gate in model.gates[id].gates}))

truth_15(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_14(gate) | some gate in model.gates[id].gates}))

truth_16(id) := truth if {
	truth := settled(id)
} else := combined(model.gates[id].op, ((asked(id) | {own(model.gates[id].op, id)}) | {truth_15(gate) | some gate in model.gates[id].gates}))

# The facts that an unknown answer lacks.
missing(id) := missing_at(model.gates[id].level, id)

missing_at(1, id) := missing_1(id)

missing_at(2, id) := missing_2(id)

missing_at(3, id) := missing_3(id)

missing_at(4, id) := missing_4(id)

missing_at(5, id) := missing_5(id)

missing_at(6, id) := missing_6(id)

missing_at(7, id) := missing_7(id)

missing_at(8, id) := missing_8(id)

missing_at(9, id) := missing_9(id)

missing_at(10, id) := missing_10(id)

missing_at(11, id) := missing_11(id)

missing_at(12, id) := missing_12(id)

missing_at(13, id) := missing_13(id)

missing_at(14, id) := missing_14(id)

missing_at(15, id) := missing_15(id)

missing_at(16, id) := missing_16(id)

missing_1(id) := lacking(id)

missing_2(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_1(gate) == 1; some fact in missing_1(gate)}

missing_3(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_2(gate) == 1; some fact in missing_2(gate)}

missing_4(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_3(gate) == 1; some fact in missing_3(gate)}

missing_5(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_4(gate) == 1; some fact in missing_4(gate)}

missing_6(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_5(gate) == 1; some fact in missing_5(gate)}

missing_7(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_6(gate) == 1; some fact in missing_6(gate)}

missing_8(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_7(gate) == 1; some fact in missing_7(gate)}

missing_9(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_8(gate) == 1; some fact in missing_8(gate)}

missing_10(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_9(gate) == 1; some fact in missing_9(gate)}

missing_11(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_10(gate) == 1; some fact in missing_10(gate)}

missing_12(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_11(gate) == 1; some fact in missing_11(gate)}

missing_13(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_12(gate) == 1; some fact in missing_12(gate)}

missing_14(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_13(gate) == 1; some fact in missing_13(gate)}

missing_15(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_14(gate) == 1; some fact in missing_14(gate)}

missing_16(id) := lacking(id) | {fact | some gate in model.gates[id].gates; truth_15(gate) == 1; some fact in missing_15(gate)}

lacking(id) := {model.index.missing[question] |
	some key in ["yes", "no"]
	some question, _ in model.gates[id][key]
	lookups.answer(question) == 1
} | {fact |
	some key in ["slow_yes", "slow_no"]
	some question, _ in model.gates[id][key]
	questions.answer(question) == 1
	some fact in questions.missing(question)
}

# What relying on a gate that holds obliges to, and warns of: of several grounds, the one with the least.
owed(id) := owed_at(model.gates[id].level, id)

owed_at(1, id) := owed_1(id)

owed_at(2, id) := owed_2(id)

owed_at(3, id) := owed_3(id)

owed_at(4, id) := owed_4(id)

owed_at(5, id) := owed_5(id)

owed_at(6, id) := owed_6(id)

owed_at(7, id) := owed_7(id)

owed_at(8, id) := owed_8(id)

owed_at(9, id) := owed_9(id)

owed_at(10, id) := owed_10(id)

owed_at(11, id) := owed_11(id)

owed_at(12, id) := owed_12(id)

owed_at(13, id) := owed_13(id)

owed_at(14, id) := owed_14(id)

owed_at(15, id) := owed_15(id)

owed_at(16, id) := owed_16(id)

owed_1(id) := settle(id, {})

owed_2(id) := settle(id, {gate: {"truth": truth_1(gate), "owed": owed_1(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_3(id) := settle(id, {gate: {"truth": truth_2(gate), "owed": owed_2(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_4(id) := settle(id, {gate: {"truth": truth_3(gate), "owed": owed_3(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_5(id) := settle(id, {gate: {"truth": truth_4(gate), "owed": owed_4(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_6(id) := settle(id, {gate: {"truth": truth_5(gate), "owed": owed_5(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_7(id) := settle(id, {gate: {"truth": truth_6(gate), "owed": owed_6(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_8(id) := settle(id, {gate: {"truth": truth_7(gate), "owed": owed_7(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_9(id) := settle(id, {gate: {"truth": truth_8(gate), "owed": owed_8(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_10(id) := settle(id, {gate: {"truth": truth_9(gate), "owed": owed_9(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_11(id) := settle(id, {gate: {"truth": truth_10(gate), "owed": owed_10(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_12(id) := settle(id, {gate: {"truth": truth_11(gate), "owed": owed_11(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_13(id) := settle(id, {gate: {"truth": truth_12(gate), "owed": owed_12(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_14(id) := settle(id, {gate: {"truth": truth_13(gate), "owed": owed_13(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_15(id) := settle(id, {gate: {"truth": truth_14(gate), "owed": owed_14(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

owed_16(id) := settle(id, {gate: {"truth": truth_15(gate), "owed": owed_15(gate)} | model.gates[id].parts; some gate in model.gates[id].gates})

settle(id, _) := {"obligations": [], "warnings": []} if not model.gates[id].parts

settle(id, below) := gathered(model.gates[id], holding(id, below)) if model.gates[id].parts

holding(id, below) := [owed |
	some part in model.gates[id].parts
	holds(part, below)
	owed := owed_by(part, below)
]

holds(part, _) if {
	part.question
	answer(part) == object.get({true: 0}, part.negated, 2)
}

holds(part, below) if below[part.gate].truth == 2

answer(part) := questions.answer(part.question) if part.slow

answer(part) := lookups.answer(part.question) if not part.slow

owed_by(part, _) := {"obligations": [], "warnings": []} if not part.owes

owed_by(part, _) := questions.owed(part.question) if part.owes

owed_by(part, below) := below[part.gate].owed if part.owes

gathered(gate, held) := {
	"obligations": array.concat(gate.obligations, [one | some owed in speaking(gate.op, held); some one in owed.obligations]),
	"warnings": array.concat(gate.warnings, [one | some owed in speaking(gate.op, held); some one in owed.warnings]),
}

speaking("all", held) := held

speaking("each", held) := held

speaking("any", held) := [held[least[2]]] if {
	least := min([[count(owed.obligations), count(owed.warnings), number] | some number, owed in held])
}

speaking("any", []) := []
