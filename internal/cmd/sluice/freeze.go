package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator/callersts"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/operator/lambdanet"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutFreeze = `Freeze keeps every deployment of this Sluice in this account and region from
taking a step until TIME. A second Sluice (--name-prefix) has its own freeze.
Those that are open hold their weight, and their alarms are still watched. New
ones are refused, or wait, as their input says (whenFrozen). Traffic is put back
at any time, a freeze or not. A freeze ends by itself. A later one replaces it,
and 'sluice unfreeze' ends it.`

const aboutFreezeNeeds = `

The command invokes the safety net, which is the Lambda function
NAME-PREFIX-safety-net. So it needs lambda:InvokeFunction on that function: who
may give orders may freeze.`

func newFreeze(env environment) *cobra.Command {
	a := account{environment: env}
	var reason, until string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "freeze --until TIME [--reason TEXT] [--json]",
		Short:                 "Keep all deployments from taking steps for a while",
		Long:                  aboutFreeze + aboutFreezeNeeds,
		Example:               "  sluice freeze --until 2026-12-27T06:00:00Z --reason 'the holidays'\n  sluice freeze --until 4h --reason 'an incident'",
		DisableFlagsInUseLine: true,
		Args:                  noArguments("freeze"),
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			end, err := parseUntil(until)
			if err != nil {
				return err
			}
			return a.orderFreeze(cmd, reason, end, asJSON)
		}),
	}
	cmd.Flags().StringVar(&until, "until", "", "when the freeze ends: a `TIME` such as 2026-12-27T06:00:00Z,\nor how long it takes, such as 90m or 48h")
	a.addFreezeFlags(cmd, &reason, &asJSON)
	return cmd
}

func newUnfreeze(env environment) *cobra.Command {
	a := account{environment: env}
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "unfreeze [--reason TEXT] [--json]",
		Short:                 "End a freeze",
		Long:                  "Unfreeze ends the freeze of this Sluice in this account and region. Deployments\nthat wait for it go on at their next poll." + aboutFreezeNeeds,
		Example:               "  sluice unfreeze --reason 'the incident is over'",
		DisableFlagsInUseLine: true,
		Args:                  noArguments("unfreeze"),
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			return a.orderFreeze(cmd, reason, func(now time.Time) time.Time { return now }, asJSON)
		}),
	}
	a.addFreezeFlags(cmd, &reason, &asJSON)
	return cmd
}

func noArguments(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("%s takes no arguments, but got %q: it is about every deployment of this Sluice in this account and region", command, args[0])
		}
		return nil
	}
}

func (a *account) addFreezeFlags(cmd *cobra.Command, reason *string, asJSON *bool) {
	cmd.Flags().StringVar(reason, "reason", "", "say why; `TEXT` is shown by every deployment that waits")
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON")
	a.addFlags(cmd)
}

// parseUntil reads when a freeze ends, which may depend on what time it is in AWS.
func parseUntil(text string) (func(now time.Time) time.Time, error) {
	if length, err := time.ParseDuration(text); err == nil && length > 0 {
		return func(now time.Time) time.Time { return now.Add(length) }, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("--until is %q: write a time such as 2026-12-27T06:00:00Z, or how long it takes, such as 90m or 48h", text)
	}
	return func(time.Time) time.Time { return at }, nil
}

func (a account) orderFreeze(cmd *cobra.Command, reason string, until func(time.Time) time.Time, asJSON bool) error {
	ctx := cmd.Context()
	cfg, err := a.configure(ctx, "")
	if err != nil {
		return err
	}
	function := a.namePrefix() + "-" + flow.SafetyNet
	stands, now, err := lambdanet.FromConfig(cfg, function).Freeze(ctx, shift.Freeze{Reason: cmp.Or(reason, noReason), By: callersts.Caller(ctx, cfg)}, until)
	var refused *lambdanet.RefusedError
	switch {
	case errors.Is(err, lambdanet.ErrNoNet):
		return control.NoNetError(function, cfg.Region)
	case errors.As(err, &refused) && (refused.Name == flow.InvalidFreeze || refused.Name == "InvalidCommand"):
		return errors.New(refused.Message)
	case err != nil:
		return err
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), freezeShown{Frozen: stands.Holds(now), Freeze: stands})
	}
	return writeText(cmd.OutOrStdout(), func(to io.Writer) { fmt.Fprintf(to, "%s%s\n", gutter, freezeText(stands, now)) })
}

// freezeShown is a freeze in JSON.
type freezeShown struct {
	Frozen bool `json:"frozen"`
	shift.Freeze
}

// freezeText says whether deployments are frozen.
func freezeText(f shift.Freeze, now time.Time) string {
	if !f.Holds(now) {
		return "Deployments are not frozen."
	}
	return "Deployments are " + f.String() + "."
}
