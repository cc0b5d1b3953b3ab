package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// newDashboard makes a dashboard of the deployments and of Sluice's own health.
func (a *sluice) newDashboard() {
	board := awscloudwatch.NewDashboard(a.stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DashboardName:   jsii.String(a.settings.NamePrefix),
		DefaultInterval: awscdk.Duration_Hours(jsii.Number(6)),
	})
	if a.settings.hasPanel() {
		board.AddWidgets(a.deploymentsPanel())
	}
	board.AddWidgets(
		graph("Deployments by outcome", true, a.outcomes()...),
		a.weights(),
	)
	board.AddWidgets(byVersion("Requests by version", "Invocations"), byVersion("Errors by version", "Errors"))
	if a.settings.FrontEnds.HasCloudFront() {
		board.AddWidgets(
			byDistribution("Requests by distribution", "Requests", "Sum"),
			byDistribution("5xx answers by distribution, in percent", "5xxErrorRate", "Average"),
		)
	}
	board.AddWidgets(
		graph("Executions", false, a.machine.MetricStarted(nil), a.machine.MetricSucceeded(nil), a.machine.MetricFailed(nil), a.machine.MetricAborted(nil)),
		graph("Errors of Sluice's own functions", true, a.ownErrors()...),
	)
	board.AddWidgets(
		graph("Safety net", false, a.functions[flow.SafetyNet].MetricInvocations(nil), a.functions[flow.SafetyNet].MetricErrors(nil), a.functions[flow.SafetyNet].MetricDuration(nil)),
		graph("Dead letters", false, a.deadLetters.MetricApproximateNumberOfMessagesVisible(nil)),
	)
}

// deploymentsPanel is the widget with the deployments. CloudWatch asks whoever looks whether it may
// run, and invokes the function with that person's credentials.
func (a *sluice) deploymentsPanel() awscloudwatch.IWidget {
	return awscloudwatch.NewCustomWidget(&awscloudwatch.CustomWidgetProps{
		FunctionArn: a.functions[flow.Panel].FunctionArn(), Title: jsii.String("Deployments"),
		Width: jsii.Number(24), Height: jsii.Number(9),
		UpdateOnRefresh: jsii.Bool(true), UpdateOnResize: jsii.Bool(false), UpdateOnTimeRangeChange: jsii.Bool(false),
	})
}

func (a *sluice) outcomes() []awscloudwatch.IMetric {
	var all []awscloudwatch.IMetric
	for _, outcome := range []shift.Outcome{shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded} {
		all = append(all, a.deployments(outcome, 5))
	}
	return all
}

func (a *sluice) ownErrors() []awscloudwatch.IMetric {
	var all []awscloudwatch.IMetric
	for _, name := range functionNames(a.settings) {
		all = append(all, a.functions[name].MetricErrors(&awscloudwatch.MetricOptions{Label: jsii.String(name)}))
	}
	return all
}

// weights shows the weight of every target's candidate. The metric has a value only when the
// weight changes. A namespace with a hyphen must be in double quotes (CloudWatch User Guide,
// search expression syntax).
func (a *sluice) weights() awscloudwatch.IWidget {
	return searchGraph("Weight of the candidate by target, in percent", "",
		fmt.Sprintf(`FILL(SEARCH('{"%s",%s} MetricName="%s"', 'Maximum', 60), REPEAT)`, a.metrics(), flow.TargetDimension, flow.WeightMetric))
}

// byVersion shows a metric of Lambda for every version that an alias has sent requests to. The
// stack does not know the functions and the aliases that are shifted, so it uses a search. The
// dimension ExecutedVersion exists only while an alias has weights (Lambda Developer Guide,
// Viewing metrics), so the search finds just those.
func byVersion(title, metric string) awscloudwatch.IWidget {
	return searchGraph(title, "", fmt.Sprintf(`SEARCH('{AWS/Lambda,ExecutedVersion,FunctionName,Resource} MetricName="%s"', 'Sum', 60)`, metric))
}

// byDistribution shows a metric of CloudFront for every distribution of the account. CloudFront
// has its metrics in us-east-1 alone (CloudFront Developer Guide, Viewing CloudFront and edge
// function metrics).
func byDistribution(title, metric, statistic string) awscloudwatch.IWidget {
	return searchGraph(title, "us-east-1", fmt.Sprintf(`SEARCH('{AWS/CloudFront,DistributionId,Region} MetricName="%s"', '%s', 60)`, metric, statistic))
}

// searchGraph shows all metrics of a region that a search finds. An empty region is the stack's.
func searchGraph(title, region, expression string) awscloudwatch.IWidget {
	search := &awscloudwatch.SearchExpressionProps{
		Expression: jsii.String(expression), Label: jsii.String(""), Period: awscdk.Duration_Minutes(jsii.Number(1)),
	}
	if region != "" {
		search.SearchRegion = jsii.String(region)
	}
	return graph(title, false, awscloudwatch.NewSearchExpression(search))
}

func graph(title string, stacked bool, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Left: &metrics, Stacked: jsii.Bool(stacked), Width: jsii.Number(12),
		LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0), ShowUnits: jsii.Bool(false)},
	})
}
