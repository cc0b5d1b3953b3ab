package lambda

import (
	"cmp"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/identifier"
	"github.com/sluice-aws/sluice/internal/localaws/listener"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
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

	// KeepUnchanged makes an alias keep its RevisionId when an UpdateAlias changes
	// nothing. By default the alias gets a new one. That was recorded against AWS in 2023
	// and again in 2025, for an UpdateAlias with neither a version nor weights
	// (LocalStack's snapshot test_alias_lifecycle, "check update without changes"). For
	// one that repeats the version and the weights it is likely, and not documented.
	KeepUnchanged bool

	// UpdateTime is how long an update of a function's code is in progress. The default
	// is 3 seconds ("In most cases your function is ready … after a few seconds", Lambda
	// Developer Guide, function states). A negative time ends the update at once.
	UpdateTime time.Duration
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
	mappings  []eventSourceMapping
	revisions *identifier.Sequence

	onAlias      listener.List[AliasChange]
	onPublished  listener.List[Published]
	hideTagsFrom func(actor string, needed protocol.Permission) bool
	invoker      Invoker
}

const defaultUpdateTime = 3 * time.Second

// New returns an empty Functions for an account.
func New(in account.Account, config Config) *Functions {
	if config.Random == nil {
		config.Random = func() float64 { return 0 }
	}
	config.UpdateTime = cmp.Or(config.UpdateTime, defaultUpdateTime)
	return &Functions{
		account:      in,
		config:       config,
		controlPlane: throttle.NewBucket(cmp.Or(config.ControlPlaneRate, 15)),
		functionRead: throttle.NewBucket(cmp.Or(config.FunctionReadRate, 100)),
		functions:    map[string]*function{},
		revisions:    identifier.NewSequence(1),
	}
}
