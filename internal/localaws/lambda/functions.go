package lambda

import (
	"cmp"
	"sync"

	"sluice/internal/localaws/account"
	"sluice/internal/localaws/identifier"
	"sluice/internal/localaws/protocol"
	"sluice/internal/localaws/throttle"
)

// Config says how Lambda behaves. The zero value of a field means its default.
type Config struct {
	// Random draws uniformly from [0, 1). It decides which version of a
	// weighted alias an Invoke reaches. By default it always draws 0, which
	// is the alias's additional version if that has any weight.
	Random func() float64

	// ControlPlaneRate is how many Lambda calls a second the account may
	// make, all operations but GetFunction and Invoke together; 15 by
	// default, which AWS does not raise (Lambda quotas). FunctionReadRate is
	// GetFunction's own, 100 by default. A negative rate is no limit.
	ControlPlaneRate float64
	FunctionReadRate float64

	// RotateUnchanged makes an UpdateAlias that changes nothing give the
	// alias a new RevisionId all the same. That was recorded once against
	// AWS, for an UpdateAlias that carries neither a version nor weights
	// (LocalStack's snapshot test_alias_lifecycle, 2023), and is documented
	// nowhere. By default the RevisionId stays, and with it every write
	// still in flight.
	RotateUnchanged bool
}

// Functions are the functions of an account, with their versions and aliases.
// Several goroutines may call its methods at once. No method calls the Invoker
// or a listener while it holds the lock.
type Functions struct {
	account      account.Account
	config       Config
	controlPlane *throttle.Bucket
	functionRead *throttle.Bucket

	mu        sync.Mutex
	functions map[string]*function
	revisions *identifier.Sequence

	aliasListeners     []func(AliasChange)
	publishedListeners []func(Published)
	hideTags           func(actor string, needed protocol.Permission) bool
	invoker            Invoker
}

// New returns an account without functions.
func New(in account.Account, config Config) *Functions {
	if config.Random == nil {
		config.Random = func() float64 { return 0 }
	}
	return &Functions{
		account:      in,
		config:       config,
		controlPlane: throttle.NewBucket(cmp.Or(config.ControlPlaneRate, 15)),
		functionRead: throttle.NewBucket(cmp.Or(config.FunctionReadRate, 100)),
		functions:    map[string]*function{},
		revisions:    identifier.NewSequence(1),
	}
}
