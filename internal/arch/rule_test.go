package arch_test

import (
	"path"
	"strings"
)

// module is this module's path, as go.mod has it.
const module = "github.com/sluice-aws/sluice"

// rule says what the packages of a folder, and of the folders below it, may
// import beside the standard library and each other. Of two rules that fit, the
// one about the deeper folder counts.
type rule struct {
	folder string // from the module's root; * stands for one folder of any name
	may    []string
	// tests may import these too, and what all tests may.
	tests []string
}

// What several rules name. Each stands for itself and everything below it.
const (
	domain       = module + "/internal/shift"
	contract     = module + "/internal/flow"
	explanations = module + "/internal/explain"
	requests     = module + "/internal/request"
	forecasts    = module + "/internal/forecast"
	strictjson   = module + "/internal/strictjson"
	strictyaml   = module + "/internal/strictyaml"
	jsonSchema   = module + "/internal/jsonschema"
	awserror     = module + "/internal/awserror"
	tasks        = module + "/internal/task"
	assembly     = module + "/internal/assembly"
	boot         = module + "/internal/boot"
	cdkSettings  = module + "/internal/cdksettings"
	templates    = module + "/internal/template"
	operator     = module + "/internal/operator"
	picture      = module + "/internal/picture"
	dashboard    = module + "/internal/dashboard"
	stackShift   = module + "/internal/stackshift"
	codeDeploy   = module + "/internal/codedeploy"
	pruning      = module + "/internal/prune"
	machine      = module + "/statemachine"
	definition   = module + "/statemachine/asl"
	localASL     = module + "/internal/localaws/asl"
	localCloud   = module + "/internal/localaws"
	localIAM     = module + "/internal/localaws/iam"
	localWorld   = module + "/internal/world"
	trials       = module + "/internal/trial"

	localRuntime = module + "/internal/localaws/lambdaruntime"
	localStack   = module + "/internal/localaws/stack"

	sdk    = "github.com/aws/aws-sdk-go-v2"
	smithy = "github.com/aws/smithy-go"
)

var (
	cdk = []string{"github.com/aws/aws-cdk-go", "github.com/aws/constructs-go", "github.com/aws/jsii-runtime-go"}

	// An adapter knows the domain, its technology, what the SDK's errors mean, and no
	// other adapter. It takes from the contract the names that others read, too: of the
	// ledger's attributes, of announcements and of metrics. Its tests speak to the local
	// cloud, over HTTP.
	adapter      = []string{domain, contract, awserror, sdk, smithy}
	adapterTests = []string{localCloud, explanations}

	adapters = []string{
		module + "/internal/router",
		module + "/internal/gate",
		module + "/internal/hook",
		module + "/internal/synthetic",
		module + "/internal/ledger",
		module + "/internal/announce",
		module + "/internal/execution",
		module + "/internal/configuration",
		module + "/internal/stack",
	}

	// localService is what a service of the local AWS may import.
	localService = []string{
		localCloud + "/account",
		localCloud + "/identifier",
		localCloud + "/listener",
		localCloud + "/paging",
		localCloud + "/protocol",
		localCloud + "/throttle",
	}

	// testTools are what every test may import.
	testTools = []string{"github.com/stretchr/testify", "pgregory.net/rapid"}
)

// rules has one for every package. No list holds functions, infra or internal/cmd:
// nobody imports them. Only statemachine and infra list CDK, so that everything
// else builds and is tested without Node.
var rules = []rule{
	// The statistics of the domain know nothing of deployments.
	{folder: "internal/shift/judge"},
	{folder: "internal/shift"},
	{folder: "internal/strictjson"},
	{folder: "internal/strictyaml", may: []string{strictjson, "go.yaml.in/yaml/v3"}},
	{folder: "internal/jsonschema"},
	// Only tests import it: it holds a schema to the code that reads what it is about.
	{folder: "internal/jsonschema/schematest", may: []string{jsonSchema, strictjson, "github.com/santhosh-tekuri/jsonschema"}},
	{folder: "internal/flow", may: []string{domain}},
	{folder: "internal/forecast", may: []string{domain}},
	// The names of what is wrong with a request are the contract's; how it is read is not.
	// Its tests read YAML as publish-version does, which hands the parser in.
	{folder: "internal/request", may: []string{domain, contract, strictjson, jsonSchema}, tests: []string{strictyaml}},
	{folder: "internal/explain", may: []string{domain, contract}},
	// It rewrites text, and knows how long a plan takes and the names of the tags.
	{folder: "internal/template", may: []string{domain, contract}},
	// The macro gets JSON. Whoever writes a template may write YAML.
	{folder: "internal/template/source", may: []string{"go.yaml.in/yaml"}},
	// What a stack of CloudFormation wants, and what follows from it, is decided here.
	{folder: "internal/stackshift", may: []string{domain, contract, requests, strictjson}},
	{folder: "internal/task", may: []string{domain, contract, explanations, requests, stackShift, templates}},

	{folder: "internal/router", may: []string{domain}},
	{folder: "internal/router/*", may: adapter, tests: adapterTests},
	// What runs at the edges of CloudFront is tested in a JavaScript engine.
	{folder: "internal/router/cloudfront/edge", tests: []string{"github.com/dop251/goja"}},
	{folder: "internal/gate/*", may: adapter, tests: adapterTests},
	{folder: "internal/hook/*", may: adapter, tests: adapterTests},
	{folder: "internal/synthetic/*", may: adapter, tests: adapterTests},
	// The ledger also remembers what stacks of CloudFormation wait for.
	{folder: "internal/ledger/*", may: list(adapter, stackShift), tests: adapterTests},
	{folder: "internal/announce/*", may: adapter, tests: adapterTests},
	{folder: "internal/execution/*", may: adapter, tests: adapterTests},
	{folder: "internal/configuration/*", may: adapter, tests: adapterTests},
	{folder: "internal/stack/*", may: list(adapter, stackShift), tests: adapterTests},

	{folder: "internal/awserror", may: []string{domain, sdk, smithy}},

	// Old versions of functions are deleted by close-deployment and by the command alike.
	{folder: "internal/prune", may: []string{domain, contract}},
	{folder: "internal/prune/*", may: list(adapter, pruning), tests: adapterTests},

	// A Lambda is put together here, for AWS and for the local world alike.
	{folder: "internal/assembly", may: list(adapters, tasks, contract, domain, requests, operator+"/lambdanet", pruning, templates, sdk+"/aws")},
	// The widget of the stack's dashboard shows what the page of sluice dashboard shows.
	{folder: "internal/assembly/panel", may: list(adapters, assembly, contract, dashboard, operator)},
	// An input may hold an AppSpec in YAML. No other Lambda has a parser of that.
	{folder: "internal/assembly/publishversion", may: list(adapters, assembly, tasks, contract, domain, strictyaml)},
	{folder: "internal/assembly/inspection", may: list(adapters, assembly, tasks, strictyaml)},

	// It asks the tasks' own checks, and judges what else the operator's adapters read.
	{folder: "internal/inspection", may: []string{domain, contract, requests, forecasts, tasks, operator, awserror, smithy}, tests: []string{localIAM}},

	// Which functions may be shifted is a rule of the domain's, and settled when a
	// Lambda starts: a setting that means nothing must not wait for its first use.
	{
		folder: "internal/boot",
		may:    []string{assembly, contract, domain, requests, "github.com/aws/aws-lambda-go", sdk + "/aws"},
		tests:  []string{sdk},
	},
	// A main only names its task, and how its handler is put together.
	{folder: "functions/*", may: []string{assembly, boot, contract}},

	// States and outcomes are named by the domain.
	{folder: "statemachine", may: list(cdk, contract, domain)},
	// The golden definition's tests hold it to the contract, and run it.
	{folder: "statemachine/asl", tests: []string{contract, domain, localASL}},
	// The stack names outcomes, too: alarms and the dashboard count them. Its tests hold
	// them to the metrics that are written. Its links to the console are the command's.
	{folder: "infra", may: list(cdk, machine, contract, domain, operator, requests, forecasts, stackShift, module+"/infra/package/merge"), tests: []string{explanations, templates, module + "/internal/announce/emf", localCloud, sdk}},
	// It knows CloudFormation's language, and nothing of the stack.
	{folder: "infra/package/merge"},
	// Whoever has a distribution in CDK takes it as it is. It has the function of the edges in it.
	{folder: "infra/frontend", may: list(cdk, module+"/internal/router/cloudfront/edge")},
	// Whoever has a pipeline in CDK takes it as it is.
	{folder: "infra/pipeline", may: cdk},
	// It asks AWS what the stack needs before it can be deployed, and the ledger whether it
	// may be destroyed.
	{folder: "infra/preflight", may: []string{cdkSettings, operator, module + "/internal/ledger", contract, domain, awserror, sdk, smithy}, tests: []string{localASL, localCloud, localWorld, stackShift}},

	// It works with Sluice in AWS as its users do, and knows its names.
	{folder: "infra/smoke", may: []string{cdkSettings, operator, contract, domain, sdk, smithy}, tests: []string{localCloud, localWorld}},
	{folder: "internal/cdksettings", may: []string{contract}},

	{folder: "internal/localaws/asl"},
	{folder: "internal/localaws/iam", may: localService},
	{folder: "internal/localaws/lambdaruntime"},
	// It knows where the local Lambda answers functions' URLs.
	{folder: "internal/localaws/stack", may: []string{localRuntime, localCloud + "/lambda"}},
	// What the local services share. None knows a service.
	{folder: "internal/localaws/account"},
	{folder: "internal/localaws/identifier"},
	{folder: "internal/localaws/listener"},
	{folder: "internal/localaws/paging"},
	{folder: "internal/localaws/throttle"},
	{folder: "internal/localaws/protocol", may: []string{localCloud + "/throttle"}},
	// A local service knows no other one, and not the cloud that joins them.
	{folder: "internal/localaws/cloudfront", may: localService},
	// CloudFormation calls Lambda as its clients do, by HTTP.
	{folder: "internal/localaws/cloudformation", may: localService},
	// CloudWatch's clients speak CBOR, with the SDK's codec.
	{folder: "internal/localaws/cloudwatch", may: list(localService, smithy+"/encoding/cbor")},
	{folder: "internal/localaws/dynamodb", tests: []string{sdk, smithy}},
	{folder: "internal/localaws/eventbridge", may: localService},
	{folder: "internal/localaws/keyvaluestore", may: localService},
	{folder: "internal/localaws/lambda", may: localService},
	{folder: "internal/localaws/route53", may: localService},
	{folder: "internal/localaws/s3", may: localService},
	{folder: "internal/localaws/sqs", may: localService},
	{folder: "internal/localaws/ssm", may: localService},
	{folder: "internal/localaws/stepfunctions", may: localService},
	// The local AWS knows nothing of Sluice. It makes the configuration of its
	// clients; its tests speak to it with the real ones.
	{folder: "internal/localaws", may: []string{sdk + "/aws"}, tests: []string{sdk, smithy}},
	{
		folder: "internal/world",
		may:    list(adapters, assembly, localASL, localCloud, localIAM, contract, domain, requests, stackShift, strictjson, strictyaml, jsonSchema, tasks, definition, sdk),
	},
	// It has tests alone. They attack the world, with what boot logs of an error.
	{folder: "internal/proof", tests: list(adapters, awserror, strictjson, localASL, localCloud, localIAM, localWorld, contract, domain, explanations, forecasts, requests, stackShift, boot, assembly+"/panel", sdk)},

	// It plays deployments by the thousand on the world's traffic, and some in the world.
	{folder: "internal/trial", may: []string{localWorld, domain}},

	// What a person has to do with Sluice in AWS: its words, and one adapter for
	// each service that is asked for them.
	{folder: "internal/operator", may: []string{contract, domain}},
	{folder: "internal/operator/*", may: list(adapter, operator, requests), tests: adapterTests},

	// CodeDeploy's API is translated here. Who calls AWS is handed in.
	{folder: "internal/codedeploy", may: []string{contract, domain, operator, requests, strictjson, strictyaml}, tests: []string{sdk + "/service/codedeploy", smithy}},

	// What happened is drawn from what the history of an execution tells, whoever
	// has played or asked for it.
	{folder: "internal/picture", may: []string{contract, domain, explanations, operator, requests, strictyaml}},
	{
		folder: "internal/picture/screen",
		may:    []string{picture, contract, domain, "github.com/charmbracelet", "github.com/muesli/termenv"},
		tests:  []string{explanations, "github.com/hinshun/vt10x"},
	},
	{folder: "internal/picture/page", may: []string{picture, contract, domain}, tests: []string{explanations}},

	// Who reads AWS is handed in; so is who does what people ask for. Its tests do both in the local
	// world, and look at the page in a browser.
	{
		folder: "internal/dashboard",
		may:    []string{contract, domain, explanations, operator, picture, requests},
		tests:  []string{localWorld, localCloud, forecasts, module + "/internal/ledger", module + "/internal/gate", sdk + "/aws", "github.com/chromedp"},
	},

	// The command shows a simulation by its history events; in AWS it works through
	// the operator's adapters, reads the ledger, asks the gates about alarms and versions, and knows which errors of AWS pass.
	{
		folder: "internal/cmd/*",
		may: list(
			[]string{localWorld, trials, localASL, localStack, contract, domain, explanations, requests, forecasts, strictjson, strictyaml, jsonSchema, templates, definition, "github.com/spf13/cobra", "github.com/google/licensecheck"},
			operator, picture, dashboard, codeDeploy, pruning, assembly, assembly+"/panel", tasks, module+"/internal/inspection", module+"/internal/configuration", module+"/internal/ledger", module+"/internal/gate", module+"/internal/awserror", sdk+"/aws", sdk+"/config", smithy+"/logging"),
		tests: []string{localCloud, "github.com/creack/pty", "github.com/hinshun/vt10x", "github.com/chromedp", "github.com/yuin/goldmark", sdk + "/service/codedeploy"},
	},
	// It has tests alone, which run the binaries and call them as anybody would. They look
	// into the ledger's table, and take its names from the contract.
	{folder: "internal/e2e", tests: []string{contract, sdk}},
	{folder: "internal/arch"},
	// The definition is played here as the local world plays it, and elsewhere; so is what the
	// SDK's clients have sent. Hooks of its users' answer to it with the SDKs that they use.
	{folder: "internal/conformance", tests: []string{localASL, localCloud, localWorld, definition, domain, templates, sdk}},
	// The README's files are read as whoever they are for reads them.
	{folder: "internal/readme", tests: []string{domain, contract, localWorld, requests, stackShift, templates}},
}

// ruleFor is the rule about a package's folder, and the folder that it is about.
func ruleFor(folder string) (r rule, about string, found bool) {
	for _, candidate := range rules {
		top, ok := within(folder, candidate.folder)
		if ok && len(top) > len(about) {
			r, about, found = candidate, top, true
		}
	}
	return r, about, found
}

// within is the part of a folder's path that a pattern fits.
func within(folder, pattern string) (top string, ok bool) {
	parts, depth := strings.Split(folder, "/"), strings.Count(pattern, "/")+1
	if len(parts) < depth {
		return "", false
	}
	top = strings.Join(parts[:depth], "/")
	ok, err := path.Match(pattern, top)
	return top, ok && err == nil
}

// allows tells whether a file of the folder that the rule is about may import a
// package.
func (r rule) allows(about string, isTest bool, imported string) bool {
	if isStandard(imported) || below(imported, list(r.may, module+"/"+about)) {
		return true
	}
	return isTest && below(imported, list(testTools, r.tests...))
}

// isStandard tells the standard library from modules, whose path begins with a
// host's name.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != module && !strings.Contains(first, ".")
}

func below(imported string, tops []string) bool {
	for _, top := range tops {
		if imported == top || strings.HasPrefix(imported, top+"/") {
			return true
		}
	}
	return false
}

func list(some []string, more ...string) []string {
	return append(append([]string(nil), some...), more...)
}

// String is the rule as a sentence.
func (r rule) String() string {
	sentence := r.folder + " imports the standard library"
	if len(r.may) > 0 {
		sentence += ", " + strings.Join(r.may, ", ")
	}
	sentence += ", and nothing else"
	if len(r.tests) > 0 {
		sentence += " (its tests: " + strings.Join(r.tests, ", ") + " too)"
	}
	return sentence
}
