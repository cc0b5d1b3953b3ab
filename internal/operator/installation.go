package operator

import "errors"

// ErrNoFunction : there is no such function.
var ErrNoFunction = errors.New("no such function")

// ErrNoRole : there is no such role.
var ErrNoRole = errors.New("no such role")

// Installed is what is seen of one of Sluice's Lambdas.
type Installed struct {
	ARN, Role string
	// Environment are its variables. It is nil if the caller may not decrypt them.
	Environment map[string]string
}

// CallerKind is how a function comes to be invoked.
type CallerKind string

const (
	// EventSource : Lambda reads the events of a source, such as a queue.
	EventSource CallerKind = "event source"
	// FunctionURL : a URL.
	FunctionURL CallerKind = "URL"
	// Granted : a resource-based policy lets a principal invoke it. Whether it does is not known.
	Granted CallerKind = "permission"
)

// Caller invokes, or may invoke, a function.
type Caller struct {
	Kind CallerKind
	// Name is the source's ARN, the URL, or the principal.
	Name string
	// Source is the only resource for which the principal may invoke it. It is empty for any.
	Source string
	// Qualifier is the alias or version that is invoked. It is empty for the function without
	// either, which is $LATEST.
	Qualifier string
}

// Provisioned is the provisioned concurrency of an alias or a version.
type Provisioned struct {
	Qualifier  string
	Executions int
	// Failed is why Lambda could not provide it. It is empty if it could, or is about to.
	Failed string
}

// Concurrency is what bounds or prepares how many requests a function serves at once.
type Concurrency struct {
	// Reserved is nil if none is reserved.
	Reserved    *int
	Provisioned []Provisioned
}

// Ask is one call that a role is to be allowed.
type Ask struct {
	Action, Resource string
	// Tags are those of the resource. A simulation reads none by itself.
	Tags map[string]string
}
