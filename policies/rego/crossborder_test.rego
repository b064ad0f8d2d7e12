# SPDX-License-Identifier: Apache-2.0
# Run with: opa test crossborder.rego crossborder_test.rego
# or:       opa test --v0-compatible crossborder_v0.rego crossborder_test.rego
package crossborder_test

import data.crossborder
import rego.v1

inference := {"region_from": "EU", "region_to": "US", "purpose": "model_inference", "consent": true}

with_changes(changes) := object.union(inference, changes)

test_inside_a_region if {
	crossborder.allow with input.request as {"region_from": "US", "region_to": "US", "consent": false}
}

test_inference_abroad_with_consent if {
	crossborder.allow with input.request as inference
}

test_not_without_consent if {
	not crossborder.allow with input.request as with_changes({"consent": false})
	not crossborder.allow with input.request as object.remove(inference, ["consent"])
}

test_only_a_true_consent_counts if {
	every consent in ["true", 1, "yes", {}, null] {
		not crossborder.allow with input.request as with_changes({"consent": consent})
	}
}

test_not_for_another_purpose if {
	not crossborder.allow with input.request as with_changes({"purpose": "ml_training"})
	not crossborder.allow with input.request as object.remove(inference, ["purpose"])
}

test_not_in_the_other_direction if {
	not crossborder.allow with input.request as with_changes({"region_from": "US", "region_to": "EU"})
}

test_places_that_are_not_named_are_not_the_same if {
	not crossborder.allow with input.request as {"consent": true, "purpose": "model_inference"}
	not crossborder.allow with input as {}
}
