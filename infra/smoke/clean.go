package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// maxCleanUp bounds what is done after an interrupt.
const maxCleanUp = 5 * time.Minute

// cleanUp removes what this run has made. It first lets Sluice put back what is still shifted,
// so that no deployment loses its function.
func (d *demo) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, maxCleanUp)
	defer cancel()
	if err := d.endDeployments(ctx); err != nil {
		fmt.Fprintf(d.out, "\n%v\n", err)
	}
	if err := d.remove(ctx, d.made); err != nil {
		fmt.Fprintf(d.out, "\nNot everything is removed; a later run tries again, or: make smoke CLEAN=1\n%v\n", err)
		return
	}
	fmt.Fprintln(d.out, "\nEverything that this run has made is removed.")
}

// settleTime is how long Sluice may take to close a deployment whose traffic is back.
const settleTime = 10 * time.Second

// endDeployments stops the executions that still run, and waits until the alias is whole.
func (d *demo) endDeployments(ctx context.Context) error {
	for _, x := range d.started {
		if status, _, err := d.status(ctx, x); err != nil || status != running {
			continue
		}
		if _, err := d.states.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &x, Cause: aws.String("the smoke test ends")}); err != nil {
			return fmt.Errorf("cannot stop %s: %w", x, err)
		}
	}
	if len(d.started) == 0 {
		return nil
	}
	_, whole, err := d.until(ctx, maxSweep, time.Second, func() (bool, error) {
		r, err := d.alias(ctx, d.main, live)
		return r.isWhole(), err
	})
	if err == nil && whole {
		return d.wait(ctx, settleTime)
	}
	if err == nil {
		err = fmt.Errorf("the alias live of %s was not put back. The function is removed now, and its deployment may end Stranded", d.main)
	}
	return err
}

// things are what a run makes, by their names; queues by their URLs.
type things struct{ functions, roles, rules, queues, alarms, mutes []string }

// removeLeftovers removes what runs have left that began more than some time ago.
func (d *demo) removeLeftovers(ctx context.Context, age time.Duration) error {
	var left things
	runs := map[string]bool{}
	var problems []error
	find := func(list func(context.Context, func(string)) error, into *[]string) {
		err := list(ctx, func(name string) {
			if id, began, ok := idIn(name); ok && time.Since(began) >= age && id != d.id {
				*into, runs[id] = append(*into, name), true
			}
		})
		if err != nil && !isMissing(err) {
			problems = append(problems, err)
		}
	}
	find(d.listFunctions, &left.functions)
	find(d.listRoles, &left.roles)
	find(d.listRules, &left.rules)
	find(d.listQueues, &left.queues)
	find(d.listAlarms, &left.alarms)
	find(d.listMutes, &left.mutes)
	if err := d.remove(ctx, left); err != nil {
		problems = append(problems, err)
	} else if len(runs) > 0 {
		fmt.Fprintf(d.out, "Removed what earlier runs had left: %s\n", strings.Join(slices.Sorted(maps.Keys(runs)), ", "))
	}
	return errors.Join(problems...)
}

func (d *demo) listFunctions(ctx context.Context, note func(string)) error {
	for pages := lambda.NewListFunctionsPaginator(d.lambda, &lambda.ListFunctionsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, f := range page.Functions {
			note(aws.ToString(f.FunctionName))
		}
	}
	return nil
}

func (d *demo) listRules(ctx context.Context, note func(string)) error {
	page, err := d.events.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: aws.String(base)})
	if err != nil {
		return err
	}
	for _, r := range page.Rules {
		note(aws.ToString(r.Name))
	}
	return nil
}

func (d *demo) listQueues(ctx context.Context, note func(string)) error {
	page, err := d.queues.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String(base)})
	if err != nil {
		return err
	}
	for _, url := range page.QueueUrls {
		note(url)
	}
	return nil
}

func (d *demo) listAlarms(ctx context.Context, note func(string)) error {
	page, err := d.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(base)})
	if err != nil {
		return err
	}
	for _, a := range page.MetricAlarms {
		note(aws.ToString(a.AlarmName))
	}
	return nil
}

func (d *demo) listRoles(ctx context.Context, note func(string)) error {
	page, err := d.iam.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String(rolePath)})
	if err != nil {
		return err
	}
	for _, r := range page.Roles {
		note(aws.ToString(r.RoleName))
	}
	return nil
}

func (d *demo) listMutes(ctx context.Context, note func(string)) error {
	for pages := cloudwatch.NewListAlarmMuteRulesPaginator(d.alarms, &cloudwatch.ListAlarmMuteRulesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range page.AlarmMuteRuleSummaries {
			arn := aws.ToString(r.AlarmMuteRuleArn)
			note(arn[strings.LastIndex(arn, ":")+1:])
		}
	}
	return nil
}

// remove removes things. What is not there is no error.
func (d *demo) remove(ctx context.Context, t things) error {
	var problems []error
	each := func(kind string, names []string, remove func(name string) error) {
		for _, name := range names {
			if err := remove(name); err != nil && !isGone(err) {
				problems = append(problems, fmt.Errorf("remove the %s %s: %w", kind, name, err))
			}
		}
	}
	each("mute rule", t.mutes, func(name string) error {
		_, err := d.alarms.DeleteAlarmMuteRule(ctx, &cloudwatch.DeleteAlarmMuteRuleInput{AlarmMuteRuleName: &name})
		return err
	})
	each("rule", t.rules, func(name string) error { return d.removeRule(ctx, name) })
	each("queue", t.queues, func(url string) error {
		_, err := d.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
		return err
	})
	each("alarm", t.alarms, func(name string) error {
		_, err := d.alarms.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
		return err
	})
	each("function", t.functions, func(name string) error {
		_, err := d.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
		return err
	})
	each("role", t.roles, func(name string) error { return d.removeRole(ctx, name) })
	return errors.Join(problems...)
}

func (d *demo) removeRule(ctx context.Context, name string) error {
	_, err := d.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, Ids: []string{targetID}})
	if err == nil || isGone(err) {
		_, err = d.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name})
	}
	return err
}

func (d *demo) removeRole(ctx context.Context, name string) error {
	_, err := d.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String(policyName)})
	if err == nil || isGone(err) {
		_, err = d.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	}
	return err
}

// isGone reports whether a thing does not exist. The codes are those of the services' API
// models.
func isGone(err error) bool {
	var coded smithy.APIError
	return errors.As(err, &coded) && slices.Contains([]string{
		"ResourceNotFoundException", "ResourceNotFound", "NoSuchEntity", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
	}, coded.ErrorCode())
}
