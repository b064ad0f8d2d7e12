# SPDX-License-Identifier: Apache-2.0
# Run with: opa test policies/rego/xborder. The model is a small one of its own, so that it holds whatever the packs say.
package xborder.answer_test

import data.xborder
import rego.v1

# One regime of the EEA that wants clauses for data that leaves it, unless the destination is designated.
model := {
	"format": 1,
	"digest": "d",
	"zones": ["UTC"],
	"divides": {},
	"packs": {"eu": {"title": "the law", "jurisdiction": "EU", "connects": "home", "transfer": "abroad", "divides": {}}},
	"requirements": {"eu.rule": {
		"pack": "eu",
		"zone": "UTC",
		"jurisdiction": "EU",
		"citation": "Art. 1",
		"level": "supranational",
		"on_unmet": "deny",
		"in_force": {"from": "2020-01-01", "until": "2030-12-31"},
		"when": "abroad",
		"constraint": "ground",
	}},
	"candidates": {"always": ["eu.rule"], "facts": {}, "categories": {}},
	"gates": {
		"home": {"op": "all", "level": 1, "yes": {"from_home": true}},
		"abroad": {"op": "any", "level": 1, "no": {"stays": true}},
		"ground": {
			"op": "any", "level": 1,
			"yes": {"clauses": true}, "slow_yes": {"agreed": true, "valid": true}, "slow": true,
			"parts": [
				{"question": "agreed", "negated": false, "slow": true, "owes": true},
				{"question": "clauses", "negated": false, "slow": false, "owes": false},
				{"question": "valid", "negated": false, "slow": true, "owes": false},
			],
			"obligations": [], "warnings": [],
		},
	},
	"questions": {
		"agreed": {"op": "consent", "set": "consents", "ground_for": "transfer"},
		"valid": {"op": "in_force", "designation": "row", "zone": "UTC"},
	},
	"sets": {"consents": {"consent_explicit": true}},
	"index": {
		"some": [{"path": "source.country", "closed": true, "all": ["from_home"], "values": {"DE": ["from_home"]}}],
		"every": [{"path": "reach.countries", "closed": false, "all": ["stays"], "values": {"DE": ["stays"], "FR": ["stays"]}}],
		"is": [],
		"known": [],
		"absent": [],
		"kind": {"?": []},
		"evidence": {},
		"safeguard": {},
		"mechanism": {"scc_eu": [{"id": "clauses", "ground_for": "transfer", "zone": "UTC", "closed": false}]},
		"missing": {"from_home": "source.country", "stays": "reach.countries", "clauses": "mechanisms.module"},
	},
	"designations": {"row": {
		"from": "2027-01-01",
		"suspended": [{"from": "2028-03-01", "until": "2028-03-31"}],
	}},
	"coverage": {"covered": {"DE": true, "FR": true, "US": true}, "known": {}, "parts": {}, "divided": {}},
	"kinds": {"personal_data": {"personal_data": 2}},
	"vocabulary": {
		"categories": {"personal_data": true, "data.unknown": true},
		"uncategorised": {"data.unknown": true},
		"ancestors": {},
		"scc_modules": {"2": ["controller", "processor"]},
	},
}

facts := {
	"format": 1,
	"as_of": "2026-11-21T12:00:00Z",
	"complete": true,
	"values": {
		"access_mode": "copy",
		"source.country": "DE",
		"reach": ["US"],
		"reach.countries": ["US"],
		"data_categories": ["personal_data"],
		"exporter.role": "controller",
		"importer.role": "processor",
	},
}

answer_to(changes) := found if {
	found := xborder.answer with data.xborder.model as model with input as {"facts": object.union(facts, changes)}
}

status(changes) := answer_to(changes).applicable[0].status

clauses(more) := {"mechanisms": [object.union({"type": "scc_eu", "ground_for": "transfer"}, more)]}

test_nothing_to_rest_on_is_denied if {
	found := answer_to({})
	found.outcome == "deny"
	found.violations == [{"requirement_id": "eu.rule", "citation": "Art. 1"}]
	found.is_transfer
}

test_clauses_of_the_module_that_fits_allow if {
	answer_to(clauses({"module": 2})).outcome == "allow"
	status(clauses({"module": 1})) == "unmet"
}

test_clauses_without_a_module_ask_for_it if {
	found := answer_to(clauses({}))
	found.outcome == "review"
	found.missing_facts == ["mechanisms.module"]
}

test_a_document_counts_on_its_last_day_and_not_after if {
	status(clauses({"module": 2, "until": "2026-11-21"})) == "met"
	status(clauses({"module": 2, "until": "2026-11-20"})) == "unmet"
	status(clauses({"module": 2, "from": "2026-11-22"})) == "unmet"
}

test_a_ground_for_one_thing_is_none_for_another if {
	status(clauses({"module": 2, "ground_for": "processing"})) == "unmet"
}

test_a_designation_holds_from_its_first_day_but_while_it_is_suspended if {
	status({"as_of": "2026-12-31T23:59:00Z"}) == "unmet"
	status({"as_of": "2027-01-01T00:00:00Z"}) == "met"
	status({"as_of": "2028-03-01T00:00:00Z"}) == "unmet"
	status({"as_of": "2028-04-01T00:00:00Z"}) == "met"
}

test_a_rule_that_expired_does_not_apply if {
	count(answer_to({"as_of": "2031-01-01T00:00:00Z"}).applicable) == 0
}

test_consent_that_not_all_gave_obliges_to_filter if {
	some_agreed := {"consents": [{"type": "consent_explicit", "ground_for": "transfer", "coverage": "0.93"}]}
	answer_to(some_agreed).obligations == [{
		"type": "filter_rows_by_consent",
		"parameters": {"purpose": ""},
		"because": ["eu.rule"],
	}]
	all_agreed := {"consents": [{"type": "consent_explicit", "ground_for": "transfer", "coverage": "1.0"}]}
	answer_to(all_agreed).obligations == []
	nobody_agreed := {"consents": [{"type": "consent_explicit", "ground_for": "transfer", "coverage": "0"}]}
	status(nobody_agreed) == "unmet"
}

test_the_ground_with_the_least_strings_speaks if {
	both := object.union(clauses({"module": 2}), {"consents": [{"type": "consent_explicit", "ground_for": "transfer"}]})
	answer_to(both).obligations == []
}

test_a_place_that_nobody_named_is_unknown if {
	found := answer_to({"values": {"reach": ["?"], "reach.countries": ["?"]}})
	found.outcome == "review"
	found.missing_facts == ["reach", "reach.countries"]
}

test_what_stays_is_no_transfer if {
	found := answer_to({"values": {"reach": ["FR"], "reach.countries": ["FR"]}})
	found.outcome == "allow"
	not found.is_transfer
	found.applicable == []
}

test_a_regime_that_nothing_connects_is_not_considered if {
	answer_to({"values": {"source.country": "US"}}).not_considered == ["eu"]
}

test_silence_connects_nothing_only_for_a_complete_row if {
	elsewhere := object.union(object.remove(facts, ["values"]), {"values": object.remove(facts.values, ["source.country"])})
	complete := xborder.answer with data.xborder.model as model with input as {"facts": elsewhere}
	complete.not_considered == ["eu"]
	open := xborder.answer with data.xborder.model as model
		with input as {"facts": object.union(elsewhere, {"complete": false})}
	open.outcome == "review"
	"source.country" in open.missing_facts
}

test_a_place_without_a_pack_is_a_gap if {
	gone := {"values": {"source.country": "US", "reach": ["CU"], "reach.countries": ["CU"]}}
	found := answer_to(gone)
	found.outcome == "review"
	found.gaps == [{"kind": "jurisdiction", "place": "CU"}]
	strict := xborder.answer with data.xborder.model as model
		with input as {"facts": object.union(facts, gone), "on_gap": "deny"}
	strict.outcome == "deny"
}

test_uncategorised_data_is_a_gap if {
	answer_to({"values": {"source.country": "US", "data_categories": ["data.unknown"]}}).outcome == "review"
}

test_a_restriction_stops_all_but_storage if {
	held := {"values": {"source.country": "US", "provenance.restrictions": ["case-1"]}}
	answer_to(held).outcome == "review"
	answer_to(object.union(held, {"values": {"access_mode": "store"}})).outcome == "allow"
}

test_what_cannot_be_read_is_denied if {
	every wrong in [
		{"format": 2}, {"complete": "yes"}, {"as_of": "soon"}, {"evidence": {"type": "tia"}},
		{"values": {"data_categories": ["email"]}}, {"values": {"purpose": "analytics"}}, {"values": {"access_mode": 1}},
	] {
		found := answer_to(wrong)
		found.outcome == "deny"
		count(found.errors) > 0
	}
}

test_nothing_is_asked_and_nothing_allowed if {
	not xborder.allow with data.xborder.model as model with input as {}
}

test_a_batch_is_answered_in_its_order if {
	found := xborder.answers with data.xborder.model as model
		with input as {"batch": [facts, object.union(facts, clauses({"module": 2})), {}]}
	[one.outcome | some one in found] == ["deny", "allow", "deny"]
}

test_a_condition_on_every_level_is_followed if {
	gates := {sprintf("g%d", [level]): {"op": "all", "level": level, "gates": [sprintf("g%d", [level - 1])]} |
		some level in numbers.range(2, 16)
	}
	deep := object.union(model, {
		"gates": object.union(gates, {"g1": {"op": "all", "level": 1, "no": {"stays": true}}}),
		"requirements": {"eu.rule": {"when": "g16"}},
	})
	found := xborder.answer with data.xborder.model as deep with input as {"facts": facts}
	found.outcome == "deny"
	unknown := object.union(facts, {"values": {"reach": ["?"], "reach.countries": ["?"]}})
	open := xborder.answer with data.xborder.model as deep with input as {"facts": unknown}
	open.missing_facts == ["reach", "reach.countries"]
}
