package stix

// objectSchemas are the domain, relationship and meta objects of STIX 2.1 (parts
// 4, 5 and 7) and what STIX 2.0 asks of them; compileSchemas says how to read it.
const objectSchemas = `
part common
	type! string
	id! id
	spec_version version
	created time
	modified time
	created_by_ref ref(identity)
	revoked bool
	labels [string]
	confidence int(0..100)
	lang language
	external_references [part(external-reference)]
	object_marking_refs [ref(marking-definition)]
	granular_markings [part(granular-marking)]
	extensions extensions
	defanged bool
	rule order created modified
part external-reference
	source_name! string
	description string
	url string
	hashes hashes
	external_id string
	rule any description url external_id
part granular-marking
	selectors! [string]
	lang language
	marking_ref ref(marking-definition)
	rule one lang marking_ref
part kill-chain-phase
	kill_chain_name! string
	phase_name! string

sdo attack-pattern
	name! string
	description string
	aliases [string]
	kill_chain_phases [part(kill-chain-phase)]
sdo campaign
	name! string
	description string
	aliases [string]
	first_seen time
	last_seen time
	objective string
	rule order first_seen last_seen
sdo course-of-action
	name! string
	description string
sdo grouping
	name string
	description string
	context! string
	object_refs! [ref]
sdo identity
	name! string
	description string
	roles [string]
	identity_class string
	sectors [string]
	contact_information string
sdo incident
	name! string
	description string
sdo indicator
	name string
	description string
	indicator_types [string]
	labels!0 [string]
	pattern! pattern
	pattern_type!1 string
	pattern_version string
	valid_from! time
	valid_until time
	kill_chain_phases [part(kill-chain-phase)]
	rule after valid_from valid_until
sdo infrastructure
	name! string
	description string
	infrastructure_types [string]
	aliases [string]
	kill_chain_phases [part(kill-chain-phase)]
	first_seen time
	last_seen time
	rule order first_seen last_seen
sdo intrusion-set
	name! string
	description string
	aliases [string]
	first_seen time
	last_seen time
	goals [string]
	resource_level string
	primary_motivation string
	secondary_motivations [string]
	rule order first_seen last_seen
sdo location
	name string
	description string
	latitude number(-90..90)
	longitude number(-180..180)
	precision number(0..50000000)
	region string
	country string
	administrative_area string
	city string
	street_address string
	postal_code string
	rule any region country latitude
	rule needs latitude longitude
	rule needs longitude latitude
	rule needs precision latitude
sdo malware
	name string
	description string
	malware_types [string]
	labels!0 [string]
	is_family? bool
	aliases [string]
	kill_chain_phases [part(kill-chain-phase)]
	first_seen time
	last_seen time
	operating_system_refs [ref(software)]
	architecture_execution_envs [string]
	implementation_languages [string]
	capabilities [string]
	sample_refs [ref(artifact|file)]
	rule order first_seen last_seen
sdo malware-analysis
	product! string
	version string
	host_vm_ref ref(software)
	operating_system_ref ref(software)
	installed_software_refs [ref(software)]
	configuration_version string
	modules [string]
	analysis_engine_version string
	analysis_definition_version string
	submitted time
	analysis_started time
	analysis_ended time
	result_name string
	result string
	analysis_sco_refs [ref(sco)]
	sample_ref ref(artifact|file|network-traffic)
	rule any result analysis_sco_refs
	rule order analysis_started analysis_ended
sdo note
	abstract string
	content! string
	authors [string]
	object_refs! [ref]
sdo observed-data
	first_observed! time
	last_observed! time
	number_observed! int(1..999999999)
	objects objects
	object_refs [ref(sco|relationship|sighting)]
	rule one objects object_refs
	rule order first_observed last_observed
sdo opinion
	explanation string
	authors [string]
	opinion! enum(strongly-disagree|disagree|neutral|agree|strongly-agree)
	object_refs! [ref]
sdo report
	name! string
	description string
	report_types [string]
	labels!0 [string]
	published! time
	object_refs! [ref]
sdo threat-actor
	name! string
	description string
	threat_actor_types [string]
	labels!0 [string]
	aliases [string]
	first_seen time
	last_seen time
	roles [string]
	goals [string]
	sophistication string
	resource_level string
	primary_motivation string
	secondary_motivations [string]
	personal_motivations [string]
	rule order first_seen last_seen
sdo tool
	name! string
	description string
	tool_types [string]
	labels!0 [string]
	aliases [string]
	kill_chain_phases [part(kill-chain-phase)]
	tool_version string
sdo vulnerability
	name! string
	description string

sro relationship
	relationship_type! relation
	description string
	source_ref! ref
	target_ref! ref
	start_time time
	stop_time time
	rule after start_time stop_time
sro sighting
	description string
	first_seen time
	last_seen time
	count int(0..999999999)
	sighting_of_ref! ref
	observed_data_refs [ref(observed-data)]
	where_sighted_refs [ref(identity|location)]
	summary bool
	rule order first_seen last_seen

meta marking-definition
	name string
	definition_type string
	definition dict
	rule any definition extensions
	rule needs definition definition_type
	rule needs definition_type definition
meta extension-definition
	name! string
	description string
	schema! string
	version! string
	extension_types! [enum(new-sdo|new-sco|new-sro|property-extension|toplevel-property-extension)]
	extension_properties [string]
	created_by_ref! ref(identity)
meta language-content
	object_ref! ref
	object_modified time
	contents! dict
`
