package lambda

import (
	"cmp"
	"sync"

	"sluice/internal/localaws/account"
	"sluice/internal/localaws/identifier"
	"sluice/internal/localaws/protocol"
	"sluice/internal/localaws/throttle"
)

// Config configures Lambda's behaviour. The zero value of a field means its default.
type Config struct {
	// Random returns a uniform random number in [0, 1). It decides which version of a
	// weighted alias an Invoke reaches. By default it always returns 0, which selects
	// the additional version if that has any weight.
	Random func() float64

	// ControlPlaneRate is the account's limit of Lambda calls per second, for all
	// operations together except GetFunction and Invoke. The default is 15, which AWS
	// does not raise (Lambda quotas). FunctionReadRate is the limit for GetFunction;
	// the default is 100. A negative rate means no limit.
	ControlPlaneRate float64
	FunctionReadRate float64

	// RotateUnchanged makes an UpdateAlias that changes nothing still give the alias a
	// new RevisionId. This was recorded once against AWS, for an UpdateAlias with
	// neither a version nor weights (LocalStack's snapshot test_alias_lifecycle, 2023).
	// It is not documented. By default the RevisionId stays, so writes still in flight
	// stay valid.
	RotateUnchanged bool
}

// Functions holds the functions of an account with their versions and aliases. Several
// goroutines may call its methods at once. No method calls the Invoker or a listener
// while it holds the lock.
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
	hideTagsFrom       func(actor string, needed protocol.Permission) bool
	invoker            Invoker
}

// New returns an empty Functions for an account.
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
