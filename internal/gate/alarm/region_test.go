package alarm_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

const sameNameAbroad = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"

// abroad is an account at home in Ireland, with an alarm a there and another one in Virginia.
func abroad(t *testing.T) *localaws.Cloud {
	t.Helper()
	cloud := localaws.New(localaws.Config{Region: "eu-west-1", Now: time.Now})
	for region, state := range map[string]string{"eu-west-1": localaws.AlarmOK, "us-east-1": localaws.AlarmAlarm} {
		cloud.AlarmsIn(region).PutMetricAlarm(localaws.MetricAlarm{Name: "a", Namespace: "n", Metric: "m"})
		require.NoError(t, cloud.AlarmsIn(region).SetAlarmState("a", state, "of "+region))
	}
	return cloud
}

// signed notes the regions that requests are signed for, and lets some fail.
type signed struct {
	to    *localaws.Cloud
	fails func(region string) error

	mu      sync.Mutex
	regions []string
	hosts   []string
}

var scope = regexp.MustCompile(`Credential=[^/]*/[^/]*/([^/]*)/monitoring/`)

func (s *signed) Do(r *http.Request) (*http.Response, error) {
	region := scope.FindStringSubmatch(r.Header.Get("Authorization"))[1]
	s.mu.Lock()
	s.regions, s.hosts = append(s.regions, region), append(s.hosts, r.URL.Host)
	s.mu.Unlock()
	if s.fails != nil {
		if err := s.fails(region); err != nil {
			return nil, err
		}
	}
	return s.to.Do(r)
}

func gateIn(region string, s *signed) *alarm.Gate {
	cfg := localaws.ClientConfig("check-alarms", s)
	cfg.Region = region
	return alarm.FromConfig(cfg)
}

func TestAnAlarmOfAnotherRegionIsReadThere(t *testing.T) {
	t.Parallel()
	s := &signed{to: abroad(t)}
	got, err := gateIn("eu-west-1", s).Alarms(t.Context(), []string{sameNameAbroad, "a", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:gone"})
	require.NoError(t, err)
	for i := range got {
		got[i].Since, got[i].Definition = time.Time{}, shift.AlarmDefinition{}
	}
	assert.Equal(t, []shift.Alarm{
		{Name: sameNameAbroad, State: shift.AlarmFiring, Reason: "of us-east-1"},
		{Name: "a", State: shift.AlarmOK, Reason: "of eu-west-1"},
		{Name: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:gone", State: shift.AlarmMissing,
			Reason: "there is no metric, composite or log alarm of that name in the region us-east-1 of this account"},
	}, got)
	assert.Equal(t, []string{"eu-west-1", "us-east-1"}, s.regions, "one call for each region, the own one first")
	assert.Equal(t, []string{"monitoring.eu-west-1.amazonaws.com", "monitoring.us-east-1.amazonaws.com"}, s.hosts)
}

func TestARegionIsCalledOnlyForItsAlarms(t *testing.T) {
	t.Parallel()
	s := &signed{to: abroad(t)}
	_, err := gateIn("eu-west-1", s).Alarms(t.Context(), []string{sameNameAbroad})
	require.NoError(t, err)
	assert.Equal(t, []string{"us-east-1"}, s.regions)
}

func TestEachRegionHasItsOwnCallsOf100Names(t *testing.T) {
	t.Parallel()
	s := &signed{to: abroad(t)}
	var known []string
	for i := range 101 {
		known = append(known, fmt.Sprintf("h%d", i), fmt.Sprintf("arn:aws:cloudwatch:us-east-1:123456789012:alarm:f%d", i))
	}
	got, err := gateIn("eu-west-1", s).Alarms(t.Context(), known)
	require.NoError(t, err)
	for i, a := range got {
		assert.Equal(t, known[i], a.Name)
	}
	assert.Equal(t, []string{"eu-west-1", "eu-west-1", "us-east-1", "us-east-1"}, s.regions)
}

func TestThereIsOneClientForEachRegion(t *testing.T) {
	t.Parallel()
	cloud := abroad(t)
	var made []string
	gate := alarm.New("eu-west-1", func(region string) alarm.API {
		made = append(made, region)
		cfg := localaws.ClientConfig("check-alarms", cloud)
		cfg.Region = region
		return cloudwatch.NewFromConfig(cfg)
	})
	for range 3 {
		_, err := gate.Alarms(t.Context(), []string{"a", sameNameAbroad})
		require.NoError(t, err)
	}
	slices.Sort(made)
	assert.Equal(t, []string{"eu-west-1", "us-east-1"}, made)
}

func TestARegionThatFailsIsNamedAndTheOtherOneCounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		region string
		want   []shift.AlarmState
	}{
		{"us-east-1", []shift.AlarmState{shift.AlarmUnreadable, shift.AlarmOK}},
		{"eu-west-1", []shift.AlarmState{shift.AlarmFiring, shift.AlarmUnreadable}},
	}
	for _, test := range tests {
		t.Run(test.region, func(t *testing.T) {
			t.Parallel()
			s := &signed{to: abroad(t), fails: func(region string) error {
				if region == test.region {
					return fmt.Errorf("no route to host")
				}
				return nil
			}}
			got, err := gateIn("eu-west-1", s).Alarms(t.Context(), []string{sameNameAbroad, "a"})
			require.NoError(t, err)
			for i, a := range got {
				assert.Equal(t, test.want[i], a.State)
				if a.State == shift.AlarmUnreadable {
					assert.Contains(t, a.Reason, "describe 1 alarms in "+test.region)
					assert.Contains(t, a.Reason, "no route to host")
				}
			}
		})
	}
}

func TestThrottlingNamesTheRegion(t *testing.T) {
	t.Parallel()
	cloud := abroad(t)
	cloud.Fault(func(c localaws.Call) error { return localaws.Throttled(c.Service) })
	_, err := gateIn("eu-west-1", &signed{to: cloud}).Alarms(t.Context(), []string{sameNameAbroad})
	require.ErrorIs(t, err, shift.ErrThrottled)
	assert.ErrorContains(t, err, "in us-east-1")
}

// A region that does not answer must not use up the time of the Lambda: the alarms of the own
// region could not be judged then.
func TestARegionThatDoesNotAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := alarm.New("eu-west-1", func(region string) alarm.API {
			if region == "us-east-1" {
				return silent{}
			}
			cfg := localaws.ClientConfig("check-alarms", abroad(t))
			cfg.Region = region
			return cloudwatch.NewFromConfig(cfg)
		})
		began := time.Now()
		got, err := gate.Alarms(t.Context(), []string{sameNameAbroad, "a"})
		require.NoError(t, err)
		assert.Equal(t, shift.AlarmUnreadable, got[0].State)
		assert.Contains(t, got[0].Reason, "us-east-1")
		assert.Equal(t, shift.AlarmOK, got[1].State)
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}

// silent never answers.
type silent struct{}

func (silent) DescribeAlarms(ctx context.Context, _ *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
