# SPDX-License-Identifier: Apache-2.0
"""The controlled vocabulary as data: ids, with their W3C DPV and Fideslang terms where one fits.

An id's parent is what stands before its last dot; ``EXTRA_PARENTS`` adds the few that names cannot show. Knows
no semantics: those are in ``vocabulary.py``. Sources: W3C Data Privacy Vocabulary 2.2, Fideslang 3.1.
"""

from __future__ import annotations

from typing import NamedTuple


class Mapping(NamedTuple):
    """The terms of other vocabularies that mean the same, or ``None``."""

    dpv: str | None = None
    fides: str | None = None


_PD = "personal_data"
_S = "personal_data.sensitive"

CATEGORIES: dict[str, Mapping] = {
    "data": Mapping("dpv:Data"),
    "data.unknown": Mapping("dpv:UncategorisedData"),
    "public": Mapping(None, "user.content.public"),
    "non_personal": Mapping("dpv:NonPersonalData", "system.operations"),
    "non_personal.sensitive": Mapping("dpv:SensitiveNonPersonalData"),
    "anonymised": Mapping("dpv:AnonymisedData"),
    "synthetic": Mapping("dpv:SyntheticData"),
    "confidential": Mapping(),
    "confidential.trade_secret": Mapping("dpv:CommerciallyConfidentialData"),
    "confidential.professional": Mapping("dpv:ProfessionalConfidentialData"),
    "confidential.statistical": Mapping("dpv:StatisticallyConfidentialData"),
    "confidential.ip": Mapping("dpv:IntellectualPropertyData"),
    "important_data_cn": Mapping(),
    "core_data_cn": Mapping(),
    "important_data_vn": Mapping(),
    "core_data_vn": Mapping(),
    "state_secret": Mapping(),
    "government_related_us": Mapping(),
    "payment_system_in": Mapping(),
    "export_controlled": Mapping(),
    "geospatial": Mapping(),
    _PD: Mapping("dpv:PersonalData", "user"),
    f"{_PD}.pseudonymised": Mapping("dpv:PseudonymisedData", "user.unique_id.pseudonymous"),
    f"{_PD}.identifiers": Mapping("dpv:IdentifyingPersonalData", "user.unique_id"),
    f"{_PD}.identifiers.name": Mapping("pd:Name", "user.name"),
    f"{_PD}.identifiers.covered": Mapping("dpv:IdentifyingPersonalData", "user.unique_id"),
    f"{_PD}.contact": Mapping("pd:Contact", "user.contact"),
    f"{_PD}.contact.email": Mapping("pd:EmailAddress", "user.contact.email"),
    f"{_PD}.contact.phone": Mapping("pd:TelephoneNumber", "user.contact.phone_number"),
    f"{_PD}.contact.address": Mapping("pd:PhysicalAddress", "user.contact.address"),
    f"{_PD}.government_id": Mapping("pd:OfficialID", "user.government_id"),
    f"{_PD}.government_id.national": Mapping(
        "pd:OfficialID", "user.government_id.national_identification_number"
    ),
    f"{_PD}.government_id.passport": Mapping("pd:Passport", "user.government_id.passport_number"),
    f"{_PD}.government_id.drivers": Mapping("pd:DrivingLicense", "user.government_id.drivers_license_number"),
    f"{_PD}.government_id.ssn": Mapping("pd:OfficialID", "user.government_id"),
    f"{_PD}.account": Mapping(None, "user.account"),
    f"{_PD}.account.credentials": Mapping("pd:Authenticating", "user.authorization.credentials"),
    f"{_PD}.device": Mapping("pd:DeviceBased", "user.device"),
    f"{_PD}.device.ip": Mapping("pd:IPAddress", "user.device.ip_address"),
    f"{_PD}.device.cookie": Mapping("pd:DeviceBased", "user.device.cookie_id"),
    f"{_PD}.device.device_id": Mapping("pd:DeviceBased", "user.device.device_id"),
    f"{_PD}.behaviour": Mapping("pd:Behavioral", "user.behavior"),
    f"{_PD}.behaviour.browsing": Mapping("pd:LinkClicked", "user.behavior.browsing_history"),
    f"{_PD}.behaviour.purchase": Mapping("pd:Purchase", "user.behavior.purchase_history"),
    f"{_PD}.behaviour.search": Mapping("pd:Behavioral", "user.behavior.search_history"),
    f"{_PD}.communications": Mapping("pd:Communication", "user.content.private"),
    f"{_PD}.communications.content": Mapping("pd:EmailContent", "user.content.private"),
    f"{_PD}.communications.metadata": Mapping("pd:CommunicationsMetadata"),
    f"{_PD}.location": Mapping("pd:Location", "user.location.imprecise"),
    f"{_PD}.location.precise": Mapping("pd:GPSCoordinate", "user.location.precise"),
    f"{_PD}.financial": Mapping("pd:Financial", "user.financial"),
    f"{_PD}.financial.account": Mapping("pd:FinancialAccount", "user.financial.bank_account"),
    f"{_PD}.financial.transaction": Mapping("pd:Transaction", "user.payment"),
    f"{_PD}.financial.credit": Mapping("pd:LoanRecord", "user.financial"),
    f"{_PD}.financial.card": Mapping("pd:PaymentCard", "user.financial.credit_card"),
    f"{_PD}.financial.income": Mapping("pd:Income", "user.financial"),
    f"{_PD}.employment": Mapping("pd:EmploymentHistory", "user.workplace"),
    f"{_PD}.education": Mapping("pd:Education", None),
    f"{_PD}.demographic": Mapping("pd:Gender", "user.demographic"),
    f"{_PD}.children": Mapping(None, "user.childrens"),
    _S: Mapping("dpv:SensitivePersonalData", None),
    f"{_S}.health": Mapping("pd:Health", "user.health_and_medical"),
    f"{_S}.genetic": Mapping("pd:Genetic", "user.health_and_medical.genetic"),
    f"{_S}.genetic.genomic": Mapping("pd:Genetic", "user.health_and_medical.genetic"),
    f"{_S}.genetic.omic": Mapping("pd:Genetic", "user.health_and_medical.genetic"),
    f"{_S}.biometric": Mapping("pd:Biometric", "user.biometric"),
    f"{_S}.biometric.face": Mapping("pd:FacialPrint", "user.biometric"),
    f"{_S}.biometric.fingerprint": Mapping("pd:Fingerprint", "user.biometric.fingerprint"),
    f"{_S}.biometric.voice": Mapping("pd:VoiceMail", "user.biometric.voice"),
    f"{_S}.racial_ethnic": Mapping("pd:EthnicOrigin", "user.demographic.race_ethnicity"),
    f"{_S}.political": Mapping("pd:PoliticalAffiliation", "user.demographic.political_opinion"),
    f"{_S}.religion_belief": Mapping("pd:Religion", "user.demographic.religious_belief"),
    f"{_S}.union": Mapping("pd:TradeUnionMembership", None),
    f"{_S}.sex_life": Mapping("pd:Sexual", "user.demographic.sexual_orientation"),
    f"{_S}.criminal": Mapping("pd:CriminalOffense", "user.criminal_history"),
    f"{_S}.immigration": Mapping(None, "user.government_id.immigration"),
    "derived": Mapping("dpv:DerivedData"),
    "derived.inference": Mapping("dpv:InferredPersonalData", "user.demographic.profile"),
    "derived.profile": Mapping("pd:IndividualProfile", None),
    "derived.statistics": Mapping("dpv:StatisticallyConfidentialData"),
    "derived.embedding": Mapping(),
    "derived.model": Mapping(),
    "derived.model_update": Mapping(),
    "derived.prompt_log": Mapping(),
    "derived.explanation": Mapping(),
    "telemetry": Mapping("dpv:ObservedPersonalData", "user.telemetry"),
}
EXTRA_PARENTS: dict[str, str] = {
    "telemetry": _PD,
    "derived": _PD,
    f"{_PD}.government_id": f"{_PD}.identifiers",
}

PURPOSES: dict[str, Mapping] = {
    "service_delivery": Mapping("dpv:ServiceProvision", "essential.service"),
    "payment": Mapping("dpv:PaymentManagement", "essential.service.payment_processing"),
    "security": Mapping("dpv:EnforceSecurity", "essential.service.security"),
    "fraud": Mapping("dpv:FraudPreventionAndDetection", "essential.fraud_detection"),
    "legal_obligation": Mapping("dpv:LegalCompliance", "essential.legal_obligation"),
    "legal_claims": Mapping("dpv:FulfilmentOfObligation", "essential.legal_obligation"),
    "foreign_authority_request": Mapping("dpv:LegalCompliance", "third_party_sharing.legal_obligation"),
    "hr_management": Mapping("dpv:HumanResourceManagement", "employment"),
    "recruitment": Mapping("dpv:PersonnelHiring", "employment.recruitment"),
    "analytics": Mapping("dpv:ServiceUsageAnalytics", "analytics"),
    "marketing": Mapping("dpv:Marketing", "marketing"),
    "advertising": Mapping("dpv:Advertising", "marketing.advertising"),
    "advertising.targeted": Mapping("dpv:TargetedAdvertising", "marketing.advertising.first_party.targeted"),
    "personalisation": Mapping("dpv:Personalisation", "personalize"),
    "profiling": Mapping("dpv:Personalisation", "personalize.profiling"),
    "ml_training": Mapping("dpv:ResearchAndDevelopment", "train_ai_system"),
    "ml_finetune": Mapping("dpv:ResearchAndDevelopment", "train_ai_system"),
    "ml_evaluation": Mapping("dpv:ResearchAndDevelopment", "train_ai_system"),
    "ml_inference": Mapping("dpv:DecisionMaking", None),
    "automated_decision": Mapping("dpv:DecisionMaking", None),
    "research_scientific": Mapping("dpv:ScientificResearch", None),
    "public_health": Mapping("dpv:ScientificResearch", None),
    "care_treatment": Mapping(None, None),
    "audit": Mapping(None, None),
    "backup_dr": Mapping(None, "functional.storage"),
    "support": Mapping(None, "essential.service.operations.support"),
    "sale_or_brokerage": Mapping(None, "third_party_sharing"),
    "statistics": Mapping(None, "analytics.reporting"),
}

MECHANISMS: frozenset[str] = frozenset(
    """adequacy dpf_listing scc_eu scc_sa idta uk_addendum bcr_c bcr_p uk_bcr code_of_conduct certification
    adhoc_clauses_approved public_instrument admin_arrangement cn_scc cn_certification cn_security_assessment gba_sc
    ftz_negative_list anpd_scc kvkk_sc sa_scc difc_scc adgm_scc ar_scc ripd_mcc asean_mcc apec_cbpr global_cbpr prp
    consent_explicit consent_separate consent_informed_risk contract_ds contract_interest legal_claims vital
    public_interest register authority_approval authority_notification exemption baa service_provider_contract
    cisa_controls no_onward_contract mlat_or_cloudact_agreement law employment_law nonprofit made_public
    substantial_public_interest care public_health research_89 official_authority equivalent_system binding_agreement
    written_undertaking benefit_ds""".split()
)
# Of these, the ones that are papers somebody signed, issued or filed. What a law or an authority says about a place, a
# list or a case, what people consent to, and grounds that lie in the facts are none: they are looked up or judged.
PAPERS: frozenset[str] = frozenset(
    """scc_eu scc_sa idta uk_addendum bcr_c bcr_p uk_bcr code_of_conduct certification adhoc_clauses_approved
    public_instrument admin_arrangement cn_scc cn_certification cn_security_assessment gba_sc anpd_scc kvkk_sc sa_scc
    difc_scc adgm_scc ar_scc ripd_mcc asean_mcc apec_cbpr global_cbpr prp authority_approval authority_notification baa
    service_provider_contract cisa_controls no_onward_contract mlat_or_cloudact_agreement equivalent_system
    binding_agreement written_undertaking""".split()
)
EVIDENCE: frozenset[str] = frozenset(
    """scc_signed annex_i_iii tia tra pia dpia pipia ctia risk_assessment ropa_entry notice_published consent_record
    separate_consent_record parental_consent filing_receipt approval_decision certificate dpf_list_check cbpr_cert_check
    baa_signed audit_report cisa_attestation ownership_check volume_counter negative_list_check anonymisation_test
    key_custody_proof deletion_proof bias_audit retention_schedule legal_hold_id dpo_review legal_counsel_review
    agreement_signed necessity_note""".split()
)
SAFEGUARDS: frozenset[str] = frozenset(
    """encryption_at_rest encryption_in_transit customer_managed_key key_in_origin pseudonymisation anonymisation
    aggregation differential_privacy masking tokenisation field_drop minimise split_processing mpc federated_training
    confidential_compute access_geofence no_remote_access just_in_time_access logging human_in_loop retention_timer
    region_pin no_training_clause""".split()
)
GROUPS: frozenset[str] = frozenset(
    """employee job_applicant customer prospect patient citizen_voter visitor trainee supplier_contact shareholder
    next_of_kin passenger commuter consultant anonymous_user child military_or_government_staff vulnerable_person
    juristic_person student""".split()
)
LOCALITY_LEVELS: tuple[str, ...] = (
    "storage", "backup", "processing", "model_training", "model_artifact", "inference", "access", "key_custody",
    "control_plane", "logs", "transit",
)  # fmt: skip
ACCESS_MODES: tuple[str, ...] = (
    "collect", "copy", "process", "remote_access", "transit", "onward", "replicate", "return", "train", "infer", "store",
    "publish", "erase",
)  # fmt: skip
ROLES: tuple[str, ...] = ("controller", "processor", "individual")
GROUNDS: tuple[str, ...] = ("transfer", "processing", "special_category", "automated_decision")
FREQUENCIES: tuple[str, ...] = ("one_off", "occasional", "repetitive")
OBLIGATIONS: tuple[str, ...] = (
    "filter_rows_by_consent", "minimise_columns", "pseudonymise", "generalise", "encrypt_with_origin_key", "retain_until",
    "keep_local_copy", "restrict_onward", "delete_abroad_within",
)  # fmt: skip
