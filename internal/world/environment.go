package world

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
)

// showSettings shows to callers from outside what they can see of the stack: the settings in the
// environment of publish-version, and what the roles allow. The Lambdas themselves get both
// otherwise.
func (w *World) showSettings() error {
	w.cloud.SetPolicies(w.decideForRole)
	variables := map[string]string{flow.TableVariable: LedgerTable, flow.FunctionsVariable: w.scenario.Allowed.Pattern(), flow.AliasVariable: w.scenario.Alias}
	if !w.scenario.NoHookEndpoint {
		variables[flow.HookEndpointVariable] = flow.HookEndpointURL
	}
	for name, value := range w.fronts.variables {
		if value != "" {
			variables[name] = value
		}
	}
	return w.cloud.SetEnvironment(FunctionPrefix+flow.Publish.Function, variables)
}

// decideForRole decides what the role of one of Sluice's Lambdas may do. In a World without
// policies it may do everything.
func (w *World) decideForRole(roleARN string, r iam.Request) (iam.Decision, bool) {
	_, role, _ := strings.Cut(roleARN, ":role/")
	actor, ours := strings.CutPrefix(role, FunctionPrefix)
	if _, known := w.functions[actor]; !ours || !known {
		return iam.Decision{}, false
	}
	if w.permits == nil {
		return iam.Decision{Allowed: true}, true
	}
	needed := localaws.Permission{Action: r.Action, Resource: r.Resource}
	if len(r.Keys) > 0 {
		needed.Context = &localaws.RequestContext{Keys: r.Keys}
	}
	return iam.Decision{Allowed: w.permits(actor, needed, r.Tags)}, true
}
