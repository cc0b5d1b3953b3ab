package proof

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

var update = flag.Bool("update", false, "rewrite the transcripts of testdata/regressions")

// regression is a file of testdata/regressions: faults that a violation was once found
// with, and the transcript of the run that they disturb. A call is given by its number
// among a Lambda's calls of an action, so that it stays where it was when the calls
// around it change.
//
//	# What once went wrong.
//
//	wrong: Sluice
//	base:  redrive
//	fault: safety-net dynamodb:UpdateItem 1: stopped, a zombie at 25 s a call
//	fault: state 9 and 20s: stopped
//	fault: event 1, Sluice Command: 100 seconds late
//
//	(the transcript)
type regression struct {
	head    []byte // all but the transcript
	base    string
	strikes []strike
}

const regressions = "testdata/regressions"

func readRegression(t *testing.T, path string) (r regression, transcript string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	wrong := ""
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, isHead := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch {
		case lines.Text() == "" && wrong != "": // the end of the head
			_, transcript, _ = strings.Cut(string(text), string(r.head)+"\n")
			return r, transcript
		case lines.Text() == "", strings.HasPrefix(lines.Text(), "#"):
		case isHead && name == "wrong":
			wrong = value
		case isHead && name == "base":
			r.base = value
		case isHead && name == "fault":
			s, err := parseStrike(value)
			require.NoError(t, err)
			r.strikes = append(r.strikes, s)
		default:
			require.Fail(t, "a line that nobody knows", lines.Text())
		}
		r.head = append(append(r.head, lines.Bytes()...), '\n')
	}
	require.Contains(t, []string{"Sluice", "the checks"}, wrong, "wrong says what was")
	return r, ""
}

// Where a fault strikes, as strike.String writes it.
var (
	atCall  = regexp.MustCompile(`^([a-z-]+) ([a-z]+:[A-Za-z]+) (\d+): (.*)$`)
	atState = regexp.MustCompile(`^state (\d+) and ([0-9a-z.]+): (.*)$`)
	atEvent = regexp.MustCompile(`^event (\d+), ([^:]+): (.*)$`)
)

// parseStrike reads what strike.String writes.
func parseStrike(text string) (s strike, err error) {
	if m := atState.FindStringSubmatch(text); m != nil {
		s.boundary, _ = strconv.Atoi(m[1])
		if s.later, err = time.ParseDuration(m[2]); err == nil {
			s.fault, err = faultCalled(m[3], between)
		}
		return s, err
	}
	if m := atEvent.FindStringSubmatch(text); m != nil {
		s.event, _ = strconv.Atoi(m[1])
		s.kind = m[2]
		s.fault, err = faultCalled(m[3], onTheWay)
		return s, err
	}
	if m := atCall.FindStringSubmatch(text); m != nil {
		s.actor, s.action = m[1], m[2]
		s.nth, _ = strconv.Atoi(m[3])
		s.fault, err = faultCalled(m[4], faults)
		return s, err
	}
	return s, fmt.Errorf("no fault is written like %q", text)
}

// faultCalled finds a fault by its name.
func faultCalled(name string, among []fault) (fault, error) {
	i := slices.IndexFunc(among, func(f fault) bool { return f.name == name })
	if i < 0 {
		return fault{}, fmt.Errorf("no fault is called %q", name)
	}
	return among[i], nil
}

func theFault(name string) fault {
	return faults[slices.IndexFunc(faults, func(f fault) bool { return f.name == name })]
}

// theStray is a fault in the delivery of an event.
func theStray(name string) fault {
	return onTheWay[slices.IndexFunc(onTheWay, func(f fault) bool { return f.name == name })]
}

// TestWhatWasOnceWrongStaysFixed plays every regression again, and compares its
// transcript. With -update it writes the transcripts that differ.
func TestWhatWasOnceWrongStaysFixed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(regressions + "/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			regression, want := readRegression(t, path)
			r, err := newRun(baseOf(t, regression.base), guard{}, regression.strikes...)
			require.NoError(t, err)
			transcript := r.record()
			err = r.play()
			require.NoError(t, r.story(err))
			require.Len(t, r.struck, len(regression.strikes), "every fault has struck")
			if *update {
				text := fmt.Appendf(nil, "%s\n%s", regression.head, transcript)
				require.NoError(t, os.WriteFile(path, text, 0o644))
				return
			}
			assert.NotEmpty(t, want, "the transcript")
			assert.Equal(t, want, transcript.String(), "go test ./internal/proof -run OnceWrong -update rewrites it")
		})
	}
}

// Rollback gives up after an hour. The safety net does not: when everybody has lost a
// permission, the traffic is back as soon as that is.
func TestWhatRollbackGivesUpIsHealedWhenThePermissionIsBack(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"lambda:UpdateAlias", "dynamodb:UpdateItem"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			b := baseOf(t, "canary with an alarm that is polled")
			r, err := play(b, guard{}, strike{actor: "rollback", action: action, nth: 1, fault: theFault("a permission lost by all for 100 minutes")})
			require.NoError(t, r.story(err))
			require.Equal(t, flow.RollbackIncomplete, r.main.Failure().Error)
			require.Equal(t, shift.RolledBack, r.outcome())
		})
	}
}
