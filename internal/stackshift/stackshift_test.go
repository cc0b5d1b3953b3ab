package stackshift_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	requests "github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
)

const (
	stackID   = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/0a1b"
	execution = "arn:aws:states:eu-west-1:111122223333:execution:sluice:cfn-1"
)

// properties are what the macro writes, as CloudFormation sends it: numbers and booleans are texts.
const properties = `{
	"ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift", "ServiceTimeout": "3600", "Protocol": "1",
	"Targets": [{"Key": "OrdersAliaslive", "Function": "orders", "Alias": "live", "Version": "42"}, {"Key": "StockAliaslive", "Function": "stock", "Alias": "live", "Version": "7"}],
	"DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
	"AlarmConfigurations": [{"Enabled": "true", "Alarms": [{"Name": "orders-errors"}, {"Name": "orders-slow"}]}, {"Enabled": "false", "Alarms": [{"Name": "asleep"}]},
		{"Enabled": "true", "IgnorePollAlarmFailure": "true", "Alarms": [{"Name": "orders-errors"}]}],
	"BeforeTraffic": ["CodeDeployHook_pre"]}`

func decode(t *testing.T, text string) stackshift.Properties {
	t.Helper()
	p, err := stackshift.DecodeProperties([]byte(text))
	require.NoError(t, err)
	return p
}

func TestPropertiesAreReadAsCloudFormationSendsThem(t *testing.T) {
	t.Parallel()
	want := stackshift.Properties{
		Targets: []stackshift.Target{
			{Key: "OrdersAliaslive", Function: "orders", Alias: "live", Version: "42"}, {Key: "StockAliaslive", Function: "stock", Alias: "live", Version: "7"},
		},
		DeploymentConfig: "CodeDeployDefault.LambdaCanary10Percent5Minutes", Alarms: []string{"orders-errors", "orders-slow"}, IgnoreUnreadableAlarms: true,
		BeforeTraffic: []string{"CodeDeployHook_pre"}, HookMode: shift.CodeDeploy, Timeout: 3600,
	}
	assert.Equal(t, want, decode(t, properties))
	typed := strings.NewReplacer(`"true"`, `true`, `"false"`, `false`, `"3600"`, `3600`, `"42"`, `42`, `"7"`, `7`, `"1"`, `1`).Replace(properties)
	assert.Equal(t, want, decode(t, typed), "a test event has numbers and booleans")
}

func TestAllProblemsOfThePropertiesAreReportedByPath(t *testing.T) {
	t.Parallel()
	_, err := stackshift.DecodeProperties([]byte(`{"Protocol": "2", "ServiceTimeout": "4000", "Wait": "false", "Handle": "https://x", "Strategy": "AllAtOnce",
		"AlarmConfigurations": [{"Enabled": "perhaps", "Alarms": [{}]}], "HookMode": "callback?", "Judge": "yes", "WhenFrozen": "pass",
		"Targets": [{"Key": "a-b", "Function": "f", "Alias": "live", "Version": "1"}, {"Key": "A", "Function": "f", "Alias": "live"}]}`))
	require.Error(t, err)
	for _, problem := range []string{
		`Protocol: must be "1"`, `ServiceTimeout: must be a number of seconds from 60 to 3600, not "4000"`, `Wait: is "false" beside a Handle`, `Strategy: is not known here`,
		`AlarmConfigurations[0].Enabled: must be true or false`, `AlarmConfigurations[0].Alarms[0].Name: is missing`, `HookMode: must be one of codedeploy, callback, sync`,
		`Judge: must be one of enforce, observe, off`, `WhenFrozen: must be one of fail, wait`, `Targets[0].Key: must be letters and digits`, `Targets[1].Version: is missing`, `Targets[1]: f:live appears twice`,
	} {
		assert.ErrorContains(t, err, problem)
	}
	for text, problem := range map[string]string{
		`{}`: "Targets: is missing", `{"Targets": []}`: "Targets: must not be empty", `[]`: "must be an object",
		`{"Targets": [` + strings.TrimSuffix(strings.Repeat(`{},`, 31), ",") + `]}`: "has 31 targets, and one resource shifts at most 30",
		`{"Targets": [{"Key": "` + strings.Repeat("K", 2001) + `"}]}`:               "has Keys of 2001 characters, and CloudFormation takes an answer with 2000",
	} {
		_, err := stackshift.DecodeProperties([]byte(text))
		assert.ErrorContains(t, err, problem, text)
	}
}

// input is what of an input the tests look at.
type input struct {
	Targets                []struct{ Function, Alias, Version string }
	Strategy               any
	Alarms                 []string
	Hooks                  struct{ BeforeTraffic, AfterTraffic []hook }
	Judge                  any
	WhenHeld, Unchanged    string
	WhenFrozen             string
	IgnoreUnreadableAlarms bool
}

type hook struct {
	Function, Mode string
	TimeoutSeconds int
}

func inputOf(t *testing.T, p stackshift.Properties, strategy string) (input, error) {
	t.Helper()
	var own json.RawMessage
	if strategy != "" {
		own = json.RawMessage(strategy)
	}
	text, err := p.Input(p.Targets, own, execution)
	if err != nil {
		return input{}, err
	}
	var in input
	require.NoError(t, json.Unmarshal(text, &in))
	return in, nil
}

func TestTheInputHasWhatThePropertiesSay(t *testing.T) {
	t.Parallel()
	in, err := inputOf(t, decode(t, properties), "")
	require.NoError(t, err)
	assert.Len(t, in.Targets, 2)
	assert.Equal(t, struct{ Function, Alias, Version string }{"stock", "live", "7"}, in.Targets[1])
	assert.Equal(t, "CodeDeployDefault.LambdaCanary10Percent5Minutes", in.Strategy)
	assert.Equal(t, []string{"orders-errors", "orders-slow"}, in.Alarms)
	assert.True(t, in.IgnoreUnreadableAlarms)
	assert.Equal(t, "wait", in.WhenHeld)
	assert.Equal(t, "succeed", in.Unchanged)
	require.Len(t, in.Hooks.BeforeTraffic, 1)
	assert.Equal(t, "codedeploy", in.Hooks.BeforeTraffic[0].Mode)
}

func TestTheInputSaysWhatAnUpdateDoesInAFreeze(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{``: "", `"WhenFrozen": "fail", `: "fail", `"WhenFrozen": "wait", `: "wait"} {
		in, err := inputOf(t, decode(t, strings.Replace(properties, `"Protocol"`, change+`"Protocol"`, 1)), "")
		require.NoError(t, err)
		assert.Equal(t, want, in.WhenFrozen)
	}
}

// CloudFormation waits an hour at most. What does not fit is refused; what may take less takes
// less: first the waits for evidence, then the hooks.
func TestTheInputFitsIntoCloudFormationsTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, strategy, change string
		patience               any // of the judge; nil if the input says nothing of it
		hook                   int
		problem                string
	}{
		{name: "a short canary waits for evidence as ever", strategy: `"Canary10Percent5Minutes"`, hook: 1920},
		{name: "a longer one waits less", strategy: `"Canary10Percent15Minutes"`, patience: 1.0, hook: 1320},
		{name: "a long one not at all", strategy: `"Canary10Percent40Minutes"`, patience: 0.0, hook: 900},
		{name: "the hook gets what is left", strategy: `"Canary10Percent54Minutes"`, patience: 0.0, hook: 60},
		{name: "longer than CloudFormation waits", strategy: `"Canary10Percent55Minutes"`, problem: "CloudFormation waits 1h, and the bakes of the plan take 55m"},
		{name: "with a wait condition", strategy: `"Linear10PercentEvery10Minutes"`, change: `"Handle": "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/x", `, hook: 3600},
		{name: "if nobody waits", strategy: `"Canary10Percent480Minutes"`, change: `"Wait": "false", `},
		{name: "the owner's own wish", strategy: `"Canary10Percent5Minutes"`, change: `"Judge": "off", `, patience: "off", hook: 3000},
		{name: "a problem of the plan", strategy: `{"canary": {"percent": 100, "bakeMinutes": 1}}`, problem: "DeploymentConfigName"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in, err := inputOf(t, decode(t, strings.Replace(properties, `"Protocol"`, tt.change+`"Protocol"`, 1)), tt.strategy)
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			judge := in.Judge
			if object, is := judge.(map[string]any); is {
				judge = object["evidence"].(map[string]any)["patience"]
			}
			assert.Equal(t, tt.patience, judge)
			require.Len(t, in.Hooks.BeforeTraffic, 1)
			assert.Equal(t, tt.hook, in.Hooks.BeforeTraffic[0].TimeoutSeconds)
		})
	}
}

func TestProblemsOfTheInputAreThoseOfTheProperties(t *testing.T) {
	t.Parallel()
	p := decode(t, strings.NewReplacer(`"Function": "orders"`, `"Function": "or ders"`, `"CodeDeployHook_pre"`, `"a b"`, "orders-slow", strings.Repeat("x", 300)).Replace(properties))
	_, err := inputOf(t, p, "")
	var wrong *stackshift.PropertiesError
	require.ErrorAs(t, err, &wrong)
	var paths []string
	for _, problem := range wrong.Problems {
		paths = append(paths, problem.Path)
	}
	assert.ElementsMatch(t, []string{"Targets[0].Function", "BeforeTraffic[0].Function", "AlarmConfigurations[1]"}, paths)
}

func TestOnlyWhatServesAnotherVersionIsShifted(t *testing.T) {
	t.Parallel()
	targets := []stackshift.Target{
		{Key: "New", Function: "new", Alias: "live", Version: "1"}, {Key: "Same", Function: "same", Alias: "live", Version: "5"},
		{Key: "Other", Function: "other", Alias: "live", Version: "6"}, {Key: "Divided", Function: "divided", Alias: "live", Version: "7"},
	}
	serving := stackshift.Standings{"same:live": {Version: "5", AtRest: true}, "other:live": {Version: "4", AtRest: true}, "divided:live": {Version: "7"}}
	todo, moves := serving.ToShift(targets)
	assert.Equal(t, targets[2:], todo)
	assert.Equal(t, []stackshift.Move{
		{Key: "Other", Function: "other", Alias: "live", Before: "4", To: "6"}, {Key: "Divided", Function: "divided", Alias: "live", Before: "7", To: "7"},
	}, moves)

	assert.Empty(t, serving.ToTakeBack(moves), "nothing was moved yet")
	serving["other:live"] = stackshift.Serving{Version: "6", AtRest: true}
	assert.Equal(t, moves[:1], serving.ToTakeBack(moves))
	serving["other:live"] = stackshift.Serving{Version: "8", AtRest: true}
	assert.Empty(t, serving.ToTakeBack(moves), "somebody wants another version")
	delete(serving, "other:live")
	assert.Empty(t, serving.ToTakeBack(moves), "the alias is gone")
}

// CloudFormation does not tell which update it takes back. The properties do.
func TestOnlyWhatTheUpdateHasShiftedThatIsTakenBackIsUndone(t *testing.T) {
	t.Parallel()
	with := func(properties string) stackshift.Request {
		return request(t, func(r *stackshift.Request) { r.Properties = json.RawMessage(properties) })
	}
	m := with(`{"Targets": [{"Key": "A", "Function": "f", "Alias": "live", "Version": "42"}], "Wait": "false"}`).Remembered()
	m.Execution, m.Moves, m.Recorded = "cfn-1", []stackshift.Move{{Key: "A", Before: "41", To: "42"}}, map[string]string{"A": "40"}

	toUndo := func(r stackshift.Request) stackshift.Memory {
		p, err := stackshift.DecodeProperties(r.Properties)
		require.NoError(t, err)
		return m.ToUndo(r, p)
	}
	nothing := stackshift.Memory{Recorded: m.Recorded}
	same := with(`{"Wait":"false","Targets":[{"Version":"42","Key":"A","Alias":"live","Function":"f"}]}`)
	assert.Equal(t, nothing, toUndo(same), "the stack goes back to what this shift has made")
	for _, tt := range []struct {
		name, version, before, to string
		want                      bool
	}{
		{"it goes back", "41", "41", "42", true},
		{"it goes back to what was before somebody deployed by hand", "40", "41", "42", true},
		{"it goes back to a newer version", "43", "43", "42", true},
		{"it goes back to a newer version, and somebody had deployed an older one by hand", "43", "44", "42", true},
		{"it leads on", "43", "41", "42", false},
		{"it leads on by the same version", "42", "41", "42", false},
		{"it leads on from a number with fewer digits", "100", "98", "99", false},
		{"it has another target", "", "41", "42", true},
	} {
		m.Moves = []stackshift.Move{{Key: "A", Before: tt.before, To: tt.to}}
		key := "A"
		if tt.version == "" {
			key, tt.version = "B", "43"
		}
		want := nothing
		if tt.want {
			want = m
		}
		assert.Equal(t, want, toUndo(with(`{"Targets": [{"Key": "`+key+`", "Function": "f", "Alias": "live", "Version": "`+tt.version+`"}]}`)), tt.name)
	}
	assert.True(t, m.IsOf(same.Properties))
	assert.False(t, stackshift.Memory{}.IsOf(nil), "nothing is remembered")
}

// An update leaves what it does not change, if the stack had got there.
func TestOnlyWhatTheStackHasReachedIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(version string) json.RawMessage {
		return json.RawMessage(`{"Targets": [{"Key": "A", "Function": "orders", "Alias": "live", "Version": "` + version + `"}]}`)
	}
	shifted := stackshift.Request{Properties: of("42")}.Remembered()
	shifted.Execution, shifted.Signed = "cfn-1", "20261130T110000Z"
	unmoved, old, back := stackshift.Request{Properties: of("42")}.Remembered(), shifted, shifted
	old.Signed = "20260801T110000Z"
	back.BackTo = stackshift.Request{Properties: of("41")}.Remembered().Properties
	for name, tt := range map[string]struct {
		memory  stackshift.Memory
		version string
		outcome shift.Outcome
		want    bool
	}{
		"nothing is remembered":                    {stackshift.Memory{}, "42", "", false},
		"nothing was to shift":                     {unmoved, "42", "", true},
		"its shift was promoted":                   {shifted, "42", shift.Promoted, true},
		"its shift found it there":                 {shifted, "42", shift.Unchanged, true},
		"its shift was put back":                   {shifted, "42", shift.RolledBack, false},
		"its shift is open":                        {shifted, "42", "open", false},
		"its shift never opened":                   {shifted, "42", "", false},
		"how its shift ended was known months ago": {old, "42", "", true},
		"the last request was for another version": {shifted, "41", shift.Promoted, false},
		"the stack has gone back to it":            {back, "41", shift.RolledBack, true},
		"the stack has gone back from it":          {back, "42", shift.Promoted, false},
	} {
		assert.Equal(t, tt.want, tt.memory.StandsAt(of(tt.version), tt.outcome, now), name)
	}
}

func TestATargetIsKeptIfTheUpdateDoesNotChangeIt(t *testing.T) {
	t.Parallel()
	target := stackshift.Target{Key: "A", Function: "orders", Alias: "live", Version: "42"}
	for name, tt := range map[string]struct {
		kind stackshift.Type
		old  string
		want []stackshift.Target
	}{
		"only the strategy changes":   {stackshift.Update, `{"DeploymentConfigName": "AllAtOnce", "Targets": [{"Key": "A", "Function": "orders", "Alias": "live", "Version": "42"}]}`, []stackshift.Target{target}},
		"its key changes":             {stackshift.Update, `{"Targets": [{"Key": "B", "Function": "orders", "Alias": "live", "Version": "42"}]}`, []stackshift.Target{target}},
		"its version changes":         {stackshift.Update, `{"Targets": [{"Key": "A", "Function": "orders", "Alias": "live", "Version": "41"}]}`, nil},
		"its alias changes":           {stackshift.Update, `{"Targets": [{"Key": "A", "Function": "orders", "Alias": "prod", "Version": "42"}]}`, nil},
		"its function changes":        {stackshift.Update, `{"Targets": [{"Key": "A", "Function": "stock", "Alias": "live", "Version": "42"}]}`, nil},
		"the resource is new":         {stackshift.Create, ``, nil},
		"nobody can read what it was": {stackshift.Update, `{"Targets": []}`, nil},
	} {
		r := request(t, func(r *stackshift.Request) { r.Type, r.OldProperties = tt.kind, json.RawMessage(tt.old) })
		assert.ElementsMatch(t, tt.want, r.Kept([]stackshift.Target{target}), name)
	}
	other := stackshift.Target{Key: "B", Function: "stock", Alias: "live", Version: "7"}
	todo, moves := stackshift.Without([]stackshift.Target{target, other}, []stackshift.Move{{Key: "A"}, {Key: "B"}}, []stackshift.Target{target})
	assert.Equal(t, []stackshift.Target{other}, todo)
	assert.Equal(t, []stackshift.Move{{Key: "B"}}, moves)
}

// CloudFormation must have no reason to write an alias that is kept, or only with what it serves.
func TestTheAnswerOfAKeptTargetMovesNoTraffic(t *testing.T) {
	t.Parallel()
	kept := stackshift.Target{Key: "A", Function: "orders", Alias: "live", Version: "42"}
	p := stackshift.Properties{Targets: []stackshift.Target{kept, {Key: "B", Function: "stock", Alias: "live", Version: "7"}}}
	serving := stackshift.Standings{"orders:live": {Version: "43", AtRest: true}, "stock:live": {Version: "6", AtRest: true}}
	answers := func(noWait bool, recorded map[string]string) map[string]string {
		p.NoWait = noWait
		return p.Answers([]stackshift.Target{kept}, serving, stackshift.Memory{Recorded: recorded})
	}
	assert.Equal(t, map[string]string{"A": "42", "B": "7"}, answers(false, nil), "the stack has recorded 42")
	assert.Equal(t, map[string]string{"A": "43", "B": "7"}, answers(false, map[string]string{"A": "41", "B": "5"}), "it may have recorded 41 or 42")
	assert.Equal(t, map[string]string{"A": "42", "B": "6"}, answers(true, nil), "it does not wait: B keeps what it serves")
	assert.Equal(t, map[string]string{"A": "41", "B": "5"}, answers(true, map[string]string{"A": "41", "B": "5"}), "it does not wait, and has recorded others")
	assert.Equal(t, map[string]string{"A": "43"}, p.Others(map[string]string{"A": "43", "B": "7"}))
	assert.Nil(t, p.Others(map[string]string{"A": "42", "B": "7"}))
}

func TestWhenARequestWasSignedIsReadFromItsURL(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	const url = "https://cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com/x"
	for of, want := range map[string]string{
		url + "?X-Amz-Date=20261130T115959Z&X-Amz-Expires=7200": "20261130T115959Z",
		url + "?X-Amz-Date=20261130T121500Z":                    "20261130T121500Z", // CloudFormation's clock may be ahead
		url + "?X-Amz-Date=20261130T121501Z":                    "",                 // it must not make every later request late
		url + "?X-Amz-Date=20261130":                            "",
		url + "?Expires=1796040000":                             "",
		"https://%":                                             "",
	} {
		r := request(t, func(r *stackshift.Request) { r.ResponseURL = of })
		assert.Equal(t, want, r.Signed(now), of)
	}
}

func TestExecutionsOfStacksAreKnownByTheirNames(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:states:us-east-1:123456789012:execution:sluice:"
	assert.True(t, flow.IsStackExecution(arn+request(t, nil).Execution()))
	assert.False(t, flow.IsStackExecution(arn+"by-hand"))
}

// Where the stack's status cannot be read, an update that takes back the last one is a rollback.
func TestAnUpdateThatMirrorsTheLastOneIsARollback(t *testing.T) {
	t.Parallel()
	of := func(version string) stackshift.Properties {
		return stackshift.Properties{Targets: []stackshift.Target{{Key: "A", Function: "f", Alias: "live", Version: version}}}
	}
	m := stackshift.Memory{Moves: []stackshift.Move{{Key: "A", Before: "41", To: "42"}}}
	assert.True(t, m.Mirrors(of("41"), of("42")))
	assert.False(t, m.Mirrors(of("43"), of("42")), "a new update")
	assert.False(t, m.Mirrors(of("41"), of("43")), "of another update")
	assert.False(t, stackshift.Memory{}.Mirrors(of("41"), of("42")), "nothing was shifted")
}

func TestTheStatusSaysWhetherAStackRollsBackAndWhetherItWaits(t *testing.T) {
	t.Parallel()
	for status, want := range map[string][2]bool{
		"CREATE_IN_PROGRESS": {false, true}, "UPDATE_IN_PROGRESS": {false, true}, "UPDATE_ROLLBACK_IN_PROGRESS": {true, true}, "ROLLBACK_IN_PROGRESS": {true, true},
		"UPDATE_COMPLETE": {false, false}, "UPDATE_ROLLBACK_COMPLETE": {true, false}, "UPDATE_ROLLBACK_FAILED": {true, false}, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": {false, true},
		"IMPORT_ROLLBACK_IN_PROGRESS": {true, true}, "UPDATE_FAILED": {false, false},
	} {
		assert.Equal(t, want, [2]bool{stackshift.RollsBack(status), stackshift.InProgress(status)}, status)
	}
}

func request(t *testing.T, change func(*stackshift.Request)) stackshift.Request {
	t.Helper()
	r := stackshift.Request{
		Type: stackshift.Update, ResponseURL: "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/x?X-Amz-Signature=s",
		StackID: stackID, RequestID: "r1", LogicalID: "SluiceShift3f9a1c22", PhysicalID: "sluice/orders/SluiceShift3f9a1c22", Properties: json.RawMessage(properties),
	}
	if change != nil {
		change(&r)
	}
	return r
}

func TestARequestHasOneExecutionAndAResourceOnePhysicalID(t *testing.T) {
	t.Parallel()
	r := request(t, nil)
	assert.Equal(t, r.Execution(), request(t, nil).Execution(), "the same event twice is one execution")
	assert.NotEqual(t, r.Execution(), request(t, func(r *stackshift.Request) { r.RequestID = "r2" }).Execution())
	assert.NotEqual(t, r.Execution(), request(t, func(r *stackshift.Request) { r.ResponseURL += "2" }).Execution(), "an update that is tried again has the same RequestId, and another URL")
	assert.Regexp(t, `^cfn-[0-9a-f]{32}$`, r.Execution())
	assert.Equal(t, r.Resource(), request(t, func(r *stackshift.Request) { r.RequestID, r.Type = "r2", stackshift.Delete }).Resource())
	assert.Equal(t, "sluice/orders/SluiceShift3f9a1c22", request(t, func(r *stackshift.Request) { r.PhysicalID = "" }).Physical())
	assert.Equal(t, "other", request(t, func(r *stackshift.Request) { r.Type, r.PhysicalID = stackshift.Delete, "other" }).Physical(), "what is deleted keeps its id")
}

func TestAnAnswerIsNeverTooLargeForCloudFormation(t *testing.T) {
	t.Parallel()
	text, err := request(t, nil).Fail(strings.Repeat("ö", 9000)).Encode()
	require.NoError(t, err)
	assert.LessOrEqual(t, len(text), 4096)
	assert.Greater(t, len(text), 1500, "as much of the reason as fits")
	assert.Contains(t, string(text), `"Status":"FAILED","Reason":"öö`)

	signal, err := request(t, nil).Fail("why").Signal()
	require.NoError(t, err)
	assert.JSONEq(t, `{"Status": "FAILURE", "UniqueId": "r1", "Reason": "why", "Data": ""}`, string(signal))
	signal, err = request(t, nil).Succeed(nil).Signal()
	require.NoError(t, err)
	assert.Contains(t, string(signal), `"Status":"SUCCESS"`)

	data := map[string]string{}
	for range flow.MaxStackTargets {
		data[strings.Repeat("A", flow.MaxStackKeys/flow.MaxStackTargets-1)+string(rune('A'+len(data)))] = "18446744073709551615"
	}
	_, err = request(t, func(r *stackshift.Request) {
		r.StackID = "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/" + strings.Repeat("s", 128) + "/c2f6d1b0-7c9e-11ee-8d0a-0a1b2c3d4e5f"
		r.LogicalID, r.RequestID = strings.Repeat("L", 255), "c2f6d1b0-7c9e-11ee-8d0a-0a1b2c3d4e5f"
	}).Succeed(data).Encode()
	require.NoError(t, err, "with as many targets and as long keys as are allowed, and the longest names")
}

// Whoever invokes the function must not be able to make it call somebody else.
func TestAnswersGoOnlyWhereCloudFormationWaits(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/a?b=c", "https://cloudformation-custom-resource-response-euwest1.s3.amazonaws.com/a",
		"https://cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com/a", "https://cloudformation-custom-resource-response-euwest1.s3.dualstack.eu-west-1.amazonaws.com/a",
	} {
		assert.NoError(t, stackshift.CheckResponseURL(good, "eu-west-1"), good)
	}
	require.NoError(t, stackshift.CheckResponseURL("https://cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn/a", "cn-north-1"))
	for _, bad := range []string{
		"http://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/a", "https://example.com/a", "https://cloudformation-custom-resource-response-euwest1.s3.evil.com/a",
		"https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com.evil.com/a", "https://evil.com/cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com",
		"https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com@evil.com/a", "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com:8443/a",
		"https://cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com/a", "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/a", ":", "",
		"https://xcloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/a", "https://cloudformation-custom-resource-response-euwest1xs3.eu-west-1.amazonaws.com/a",
	} {
		assert.Error(t, stackshift.CheckResponseURL(bad, "eu-west-1"), bad)
	}
	require.NoError(t, stackshift.CheckHandle("https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/a?b", "eu-west-1"))
	require.Error(t, stackshift.CheckHandle("https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/a", "eu-west-1"))
}

func TestTheWayBackAsksNobody(t *testing.T) {
	t.Parallel()
	text, err := stackshift.InputBack([]stackshift.Move{{Key: "A", Function: "orders", Alias: "live", Before: "41", To: "42"}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"targets": [{"function": "orders", "alias": "live", "version": "41"}], "strategy": "AllAtOnce", "judge": "off", "whenHeld": "wait", "whenFrozen": "pass", "unchanged": "succeed"}`, string(text))
	r := request(t, nil)
	release, err := requests.DecodeInput(text, "arn:aws:states:eu-west-1:123456789012:execution:sluice:"+r.Execution())
	require.NoError(t, err)
	assert.Equal(t, shift.PassWhenFrozen, release.Options.WhenFrozen)
	_, err = requests.DecodeInput(text, "arn:aws:states:eu-west-1:123456789012:execution:sluice:by-hand")
	require.ErrorContains(t, err, "whenFrozen: must be one of fail, wait", "nobody else passes a freeze")
}

func FuzzRequest(f *testing.F) {
	whole, err := json.Marshal(stackshift.Request{Type: stackshift.Update, ResponseURL: "u", StackID: stackID, RequestID: "r", LogicalID: "l", Properties: json.RawMessage(properties)})
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte(`{"RequestType": "Delete"}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := stackshift.DecodeRequest(raw)
		if err != nil {
			require.ErrorIs(t, err, stackshift.ErrNoRequest)
			return
		}
		_, _ = r.Execution(), r.Physical()
		p, err := stackshift.DecodeProperties(r.Properties)
		if err != nil {
			return
		}
		require.NotEmpty(t, p.Targets)
		require.LessOrEqual(t, len(p.Targets), flow.MaxStackTargets)
		if text, err := p.Input(p.Targets, nil, execution); err == nil {
			require.True(t, json.Valid(text))
		}
		answer, err := r.Fail(string(raw)).Encode()
		if err == nil {
			require.LessOrEqual(t, len(answer), 4096)
		}
	})
}
