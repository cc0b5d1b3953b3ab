package flow

// The environment variables of the Lambdas. The stack writes them, and boot reads them.
// The operator's command reads StateMachineVariable and TableVariable, too.
const (
	TableVariable        = "SLUICE_TABLE"
	StateMachineVariable = "SLUICE_STATE_MACHINE"
	SafetyNetVariable    = "SLUICE_SAFETY_NET"
	MetricsVariable      = "SLUICE_METRICS"
	AliasVariable        = "SLUICE_ALIAS"
	FunctionsVariable    = "SLUICE_FUNCTIONS"
	ParametersVariable   = "SLUICE_PARAMETERS"
	// RevertHoursVariable has for how many hours a promoted deployment can be reverted.
	RevertHoursVariable = "SLUICE_REVERT_HOURS"

	// CloudFrontStoreVariable has the ARN of the KeyValueStore through which CloudFront
	// distributions are shifted, Route53Variable the names that may be shifted, each as
	// ZONE/NAME, and DistributionsVariable the names that are switched between two distributions,
	// each as NAME/SWITCH/OTHER. Without its variable, a kind of Target is not shifted.
	CloudFrontStoreVariable = "SLUICE_CLOUDFRONT_STORE"
	Route53Variable         = "SLUICE_ROUTE53"
	DistributionsVariable   = "SLUICE_DISTRIBUTIONS"

	// HookEndpointVariable is HookEndpointURL if the stack has the endpoint for hooks that were
	// written for CodeDeploy. Without it such hooks are refused.
	HookEndpointVariable = "SLUICE_HOOK_ENDPOINT"
)

// EventBus is the bus that receives the announcements. Every account has it, and nobody can
// delete it. There is no setting for another one: PutEvents answers that a bus which does not
// exist has taken an event, and nobody gets it.
const EventBus = "default"

// NamePrefixVariable is read by the operator's command alone.
const NamePrefixVariable = "SLUICE_NAME_PREFIX"

// Defaults of what an owner may choose.
const (
	// DefaultNamePrefix is the name of the state machine and of the ledger's table. Every
	// other name of the stack begins with it.
	DefaultNamePrefix = "sluice"
	// DefaultMetrics is the namespace of the metrics. The stack uses its name prefix.
	DefaultMetrics = DefaultNamePrefix
)
