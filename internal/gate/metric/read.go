package metric

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// source is what the metrics are about: an alias, one version behind it, or its whole function.
type source struct {
	target  shift.Target
	version shift.Version // empty for all versions of the alias together
	whole   bool          // the function, through whichever alias
}

// series is one statistic of one metric, and the points that were read of it.
type series struct {
	of        source
	metric    string
	statistic string
	period    time.Duration
	points    map[time.Time]float64
}

// The names of Lambda's metrics (Lambda Developer Guide, Types of metrics).
const (
	namespace   = "AWS/Lambda"
	invocations = "Invocations"
	failures    = "Errors"
	throttles   = "Throttles"
	duration    = "Duration"

	sum = "Sum"
)

// maxQueries bounds the queries of one call, and maxPoints the points that a page of the
// answer holds (GetMetricData, MetricDataQueries and MaxDatapoints).
const (
	maxQueries = 500
	maxPoints  = 100_800
)

// read fills in the points of all series from start to end. It makes one call where all
// queries and points fit into one. It returns shift.ErrThrottled if CloudWatch throttles.
func (g *Gate) read(ctx context.Context, list []*series, start, end time.Time) error {
	for chunk := range slices.Chunk(list, maxQueries) {
		if err := g.readChunk(ctx, chunk, start, end); err != nil {
			return fmt.Errorf("read %d metrics: %w", len(list), awserror.Meaning(err))
		}
	}
	return nil
}

func (g *Gate) readChunk(ctx context.Context, list []*series, start, end time.Time) error {
	queries, byID := make([]types.MetricDataQuery, len(list)), make(map[string]*series, len(list))
	for i, s := range list {
		id := fmt.Sprintf("m%d", i)
		query, err := s.query(id)
		if err != nil {
			return err
		}
		queries[i], byID[id] = query, s
		s.points = map[time.Time]float64{}
	}
	pages := cloudwatch.NewGetMetricDataPaginator(g.api, &cloudwatch.GetMetricDataInput{
		MetricDataQueries: queries, StartTime: &start, EndTime: &end,
		ScanBy: types.ScanByTimestampAscending, MaxDatapoints: aws.Int32(maxPoints),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if err := addPage(page, byID); err != nil {
			return err
		}
	}
	return nil
}

// addPage adds the points of a page. A result that CloudWatch could not read is an error
// (MetricDataResult, StatusCode). PartialData is not: a later page has the rest, and a
// minute of which not everything arrived is judged as one that is not complete.
func addPage(page *cloudwatch.GetMetricDataOutput, byID map[string]*series) error {
	for _, result := range page.MetricDataResults {
		s := byID[aws.ToString(result.Id)]
		if s == nil {
			continue
		}
		switch result.StatusCode {
		case types.StatusCodeInternalError, types.StatusCodeForbidden:
			return fmt.Errorf("%s of %s: %s%s", s.metric, s.of.target, result.StatusCode, texts(result.Messages))
		}
		for i, at := range result.Timestamps {
			if i < len(result.Values) {
				s.points[at.UTC()] = result.Values[i]
			}
		}
	}
	return nil
}

// texts shows the messages that CloudWatch adds to a result.
func texts(messages []types.MessageData) string {
	text := ""
	for _, m := range messages {
		text += fmt.Sprintf("; %s: %s", aws.ToString(m.Code), aws.ToString(m.Value))
	}
	return shift.BoundText(text, maxMessage)
}

// maxMessage bounds what is told of CloudWatch's messages, in characters.
const maxMessage = 200

func (s *series) query(id string) (types.MetricDataQuery, error) {
	function, alias, err := flow.SplitLambdaTarget(s.of.target)
	if err != nil {
		return types.MetricDataQuery{}, err
	}
	dimensions := []types.Dimension{
		{Name: aws.String("FunctionName"), Value: aws.String(function)},
		{Name: aws.String("Resource"), Value: aws.String(function + ":" + alias)},
	}
	if s.of.whole {
		dimensions = dimensions[:1]
	}
	if s.of.version != "" {
		dimensions = append(dimensions, types.Dimension{Name: aws.String("ExecutedVersion"), Value: aws.String(string(s.of.version))})
	}
	return types.MetricDataQuery{Id: aws.String(id), MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(namespace), MetricName: aws.String(s.metric), Dimensions: dimensions},
		Period: aws.Int32(int32(s.period / time.Second)), Stat: aws.String(s.statistic),
	}}, nil
}
