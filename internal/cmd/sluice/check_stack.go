package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sluice-aws/sluice/internal/assembly"
	checks "github.com/sluice-aws/sluice/internal/assembly/inspection"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/inspection"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/iamsimulation"
	"github.com/sluice-aws/sluice/internal/operator/lambdaaccount"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// inspect inspects a file with the settings of the stack, as far as they can be read.
func (a account) inspect(ctx context.Context, cfg aws.Config, release shift.Release, f file, into *inspection.Report) {
	cfg.HTTPClient = &pacedClient{client: cmp.Or(cfg.HTTPClient, aws.HTTPClient(http.DefaultClient)), environment: a.environment}
	functions := lambdaaccount.FromConfig(cfg)
	stack := a.readStack(ctx, cfg, functions, release, into)
	if stack.execution == "" {
		return
	}
	inspection.Inspector{
		Checks: stack.checks(), Functions: functions, Roles: iamsimulation.FromConfig(cfg), Traffic: weeklyTraffic{metric.FromConfig(cfg)},
		RoleOf: stack.roles, Now: a.now().UTC(),
	}.Inspect(ctx, stack.execution, f.json, into)
}

// betweenCalls is how far the calls of a check are apart at least. Lambda accepts 15 control-plane
// calls a second from an account (Lambda quotas), and the deployments that run need them more.
const betweenCalls = 100 * time.Millisecond

// pacedClient lets time pass between calls.
type pacedClient struct {
	client aws.HTTPClient
	environment
	last time.Time
}

// Do implements aws.HTTPClient.
func (p *pacedClient) Do(r *http.Request) (*http.Response, error) {
	if early := betweenCalls - p.now().Sub(p.last); early > 0 {
		if err := p.sleep(r.Context(), early); err != nil {
			return nil, err
		}
	}
	p.last = p.now()
	return p.client.Do(r)
}

// installedStack is what can be seen of Sluice in the account.
type installedStack struct {
	settings assembly.Settings
	// execution is the ARN that an execution of the file would have. It is empty if the account's
	// number could not be found out.
	execution string
	roles     map[string]string // by the folders of the Lambdas
	missing   bool              // there is no Sluice
}

// checks are those of publish-version and open-deployment. Without Sluice in the account there is no
// ledger to read.
func (s installedStack) checks() task.Inspection {
	all := checks.New(s.settings)
	if s.missing {
		all.Locks = nil
	}
	return all
}

// readStack reads the settings of publish-version and the roles of all Lambdas.
func (a account) readStack(ctx context.Context, cfg aws.Config, functions *lambdaaccount.Account, release shift.Release, into *inspection.Report) installedStack {
	stack := installedStack{
		settings: assembly.Settings{AWS: cfg, Table: a.tableName(), FrontEnds: request.AnyFrontEnd, HookEndpoint: true},
		roles:    map[string]string{},
	}
	home := a.readRoles(ctx, cfg, functions, &stack, into)
	if home == "" {
		home = anyFunctionARN(ctx, functions, release)
	}
	parts := strings.Split(home, ":")
	if len(parts) < 5 {
		into.Add("", errAccountUnknown)
		return stack
	}
	stack.execution = fmt.Sprintf("arn:%s:states:%s:%s:execution:%s:check", parts[1], parts[3], parts[4], a.namePrefix())
	return stack
}

// readRoles reads Sluice's Lambdas, and returns the ARN of one of them. It stops at the first that
// cannot be read: the others would say the same.
func (a account) readRoles(ctx context.Context, cfg aws.Config, functions *lambdaaccount.Account, stack *installedStack, into *inspection.Report) (arn string) {
	for _, name := range inspection.Asked() {
		installed, err := functions.Installed(ctx, a.namePrefix()+"-"+name)
		switch {
		case errors.Is(err, operator.ErrNoFunction):
			stack.missing = true
			into.Find("", shift.Reason{Name: inspection.NotInstalled, Text: fmt.Sprintf("there is no Sluice with the name prefix %s in %s: deploy it there, choose another --region or --profile, or give its --name-prefix", a.namePrefix(), cfg.Region)})
			return arn
		case err != nil:
			into.Add("", err)
			return arn
		case name == flow.Publish.Function:
			into.Add("", stack.read(installed.Environment))
		}
		stack.roles[name], arn = installed.Role, installed.ARN
	}
	return arn
}

// What could not be found out. Neither is an error of the file's.
var (
	errSettingsEncrypted = errors.New("the settings in the environment of publish-version cannot be decrypted: the defaults are assumed")
	errAccountUnknown    = errors.New("nothing but the alarms is checked, because no function could be read that tells the number of the account")
)

// read reads the settings from the environment of publish-version.
func (s *installedStack) read(environment map[string]string) error {
	if environment == nil {
		return errSettingsEncrypted
	}
	s.settings.Table = cmp.Or(environment[flow.TableVariable], s.settings.Table)
	return s.settings.ReadInputs(func(name string) string { return environment[name] })
}

// anyFunctionARN returns the ARN of a function that is to be shifted, or nothing.
func anyFunctionARN(ctx context.Context, functions *lambdaaccount.Account, release shift.Release) string {
	for _, arrival := range functionsOf(release) {
		name, _, err := flow.SplitLambdaTarget(arrival.Target)
		if err != nil {
			continue
		}
		if found, err := functions.Installed(ctx, name); err == nil {
			return found.ARN
		}
	}
	return ""
}

// weeklyTraffic reads CloudWatch's metrics.
type weeklyTraffic struct{ gate *metric.Gate }

// Served implements inspection.Traffic.
func (w weeklyTraffic) Served(ctx context.Context, targets []shift.Target, span time.Duration, now time.Time) (map[shift.Target]inspection.Served, error) {
	read, err := w.gate.Served(ctx, targets, span, now)
	served := make(map[shift.Target]inspection.Served, len(read))
	for t, s := range read {
		served[t] = inspection.Served(s)
	}
	return served, err
}
