package task

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// neverOpen is a ledger in which one Deployment is being opened, and never gets through.
type neverOpen struct{ SafetyLedger }

func (neverOpen) Watchers(context.Context, string) ([]shift.Listed, error) {
	return []shift.Listed{{ID: "arn:first"}}, nil
}

func (neverOpen) MarkFired(context.Context, string, string, time.Time, bool, []shift.Reason) (shift.Record, error) {
	return shift.Record{}, fmt.Errorf("mark: %w", shift.ErrDeploymentOpening)
}

func (neverOpen) MarkCalmed(context.Context, string, string, time.Time) error {
	return fmt.Errorf("mark: %w", shift.ErrDeploymentOpening)
}

// logged is what is logged from now on. Whoever reads it is not parallel: the log is
// everybody's.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

func TestAnAlarmThatIsLetGoIsLogged(t *testing.T) {
	log := logged(t)
	since := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	for state, what := range map[string]string{"ALARM": "fired", "OK": "calmed"} {
		event := fmt.Appendf(nil, `{"detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
			"detail": {"alarmName": "orders-5xx", "state": {"value": %q, "timestamp": "2026-07-01T10:00:00.000+0000"}}}`, state)
		for after, letGo := range map[time.Duration]bool{longestOpen: false, longestOpen + time.Second: true} {
			log.Reset()
			net := SafetyNet{Ledger: neverOpen{}, Now: func() time.Time { return since.Add(after) }, Wait: func(context.Context, time.Duration) {}}
			_, err := net.Handle(t.Context(), event)
			if !letGo {
				require.Error(t, err, "%s: it comes again", what)
				assert.NotContains(t, log.String(), "alarm let go", what)
				continue
			}
			require.NoError(t, err, what)
			for _, said := range []string{"level=INFO", "alarm let go", "deployment=arn:first", "alarm=orders-5xx", "why="} {
				assert.Contains(t, log.String(), said, what)
			}
		}
	}
}

// torn is a ledger whose lists cannot be read whole.
type torn struct {
	SafetyLedger
	listed []shift.Listed
	err    error
}

func (l torn) Unannounced(context.Context) ([]shift.Listed, error) { return l.listed, l.err }
func (l torn) Queue(context.Context) ([]shift.Waiting, error)      { return nil, l.err }
func (l torn) Suspects(context.Context) ([]shift.Listed, error)    { return nil, l.err }

// atWork are executions of which one is running.
type atWork struct{ Executions }

func (atWork) Running(context.Context) (map[string]bool, error) {
	return map[string]bool{first: true}, nil
}

func TestAListThatCannotBeReadWholeIsStillWorkedOff(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("an item: %w", shift.ErrLedgerDamaged)
	for name, test := range map[string]struct {
		ledger  torn
		err     error
		running map[string]bool
	}{
		"whole":    {torn{listed: []shift.Listed{{ID: first}}}, nil, map[string]bool{first: true}},
		"empty":    {torn{}, nil, map[string]bool{first: true}},
		"in part":  {torn{listed: []shift.Listed{{ID: first}}, err: broken}, broken, map[string]bool{first: true}},
		"not read": {torn{err: broken}, broken, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listed, running, err := SafetyNet{Ledger: test.ledger, Executions: atWork{}}.listOpen(t.Context())
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.ledger.listed, listed)
			assert.Equal(t, test.running, running)
			if test.err != nil {
				assert.ErrorContains(t, err, "list the open deployments: ")
			}
		})
	}
	net := SafetyNet{Ledger: torn{err: broken}, Together: oneByOne, Wait: func(context.Context, time.Duration) {}}
	assert.ErrorContains(t, net.lookAgain(t.Context(), noon), "list the recently closed deployments: an item")
}

func TestADeploymentThatSomebodyElseHasEndedIsNoFailure(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("mark: %w", shift.ErrThrottled)
	for err, want := range map[error]error{
		nil:                        nil,
		shift.ErrDeploymentUnknown: nil,
		shift.ErrAlarmIgnored:      nil,
		shift.ErrDeploymentClosed:  nil,
		broken:                     broken,
	} {
		record := shift.Record{ID: first, Status: shift.StatusRestoring}
		got, err := SafetyNet{}.ignoreEnded(t.Context(), record, err, noon)
		require.ErrorIs(t, err, want)
		assert.Equal(t, record, got)
	}
}
