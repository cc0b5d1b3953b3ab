package flow

// The environment variables of the Lambdas. The stack writes them, and boot reads them.
// The operator's command reads StateMachineVariable and TableVariable, too.
const (
	TableVariable        = "SLUICE_TABLE"
	StateMachineVariable = "SLUICE_STATE_MACHINE"
	EventBusVariable     = "SLUICE_EVENT_BUS"
	MetricsVariable      = "SLUICE_METRICS"
	AliasVariable        = "SLUICE_ALIAS"
	FunctionsVariable    = "SLUICE_FUNCTIONS"
	ParametersVariable   = "SLUICE_PARAMETERS"
)

// NamePrefixVariable is read by the operator's command alone.
const NamePrefixVariable = "SLUICE_NAME_PREFIX"

// Defaults of what an owner may choose.
const (
	// DefaultNamePrefix is the name of the state machine and of the ledger's table. Every
	// other name of the stack begins with it.
	DefaultNamePrefix = "sluice"
	// DefaultEventBus is the bus that every account has.
	DefaultEventBus = "default"
	// DefaultMetrics is the namespace of the metrics. The stack uses its name prefix.
	DefaultMetrics = DefaultNamePrefix
)
