// Package cloudformation is the CloudFormation API of the local AWS, and an engine that creates,
// updates, rolls back and deletes stacks. Stacks answers the API's requests.
//
// # Who decides what comes next
//
// The engine does nothing by itself. A request such as UpdateStack only begins an operation.
// Ready lists what CloudFormation may do next, Do does one of these actions, and Wakes says
// when time alone makes another one ready. CloudFormation changes independent resources in
// parallel, and promises no order among them: whatever is ready may come first. So each list is
// a choice, and a test takes it.
//
// A Player takes actions until nothing is left. EveryOrder runs a scenario once for every
// sequence of choices, depth first:
//
//	runs, err := localaws.EveryOrder(100_000, func(c *localaws.StackChoices) error {
//		cloud := localaws.New(…)              // each run starts from nothing
//		…                                     // CreateStack, UpdateStack with the SDK's client
//		player := &localaws.StackPlayer{Stacks: cloud.CloudFormation(), Pick: c.Pick, …}
//		if err := player.Run(ctx); err != nil {
//			return err
//		}
//		return check(cloud)                   // the invariant
//	})
//
// The error of a run that fails has its choices, in words and as a path that Replay takes. With
// a random Pick, a Player plays one order of a seed.
//
// A Move is whatever else may come between two actions: that Lambda delivers an event (an
// EventQueue of the package lambda holds them), that a deployment goes on, that a person
// cancels the update (Optional), that an answer is sent a second time. With Dawdle, time may
// pass although an action is ready. Settled takes the choice away from actions that do not
// matter. A scenario of n independent resources has n! orders, so use it.
//
// # What it implements
//
// Templates in JSON, with Parameters, Mappings, Conditions, Outputs, DependsOn, the three
// policies, and Ref, Fn::GetAtt, Fn::Sub, Fn::If, Fn::Join, Fn::Select, Fn::Split,
// Fn::FindInMap, Fn::Base64 and the functions of conditions. Macros (RegisterMacro, or a
// resource AWS::CloudFormation::Macro) process a template after CreateStack or UpdateStack has
// answered, in the order in which Transform lists them.
//
// AWS::Lambda::Function, Version and Alias call Lambda as the one who deploys, or as the role
// in RoleARN, by HTTP through the Transport: faults, permissions, limits and records are those
// of any call. Custom resources invoke their Lambda asynchronously, and wait for a PUT to the
// ResponseURL. AWS::CloudFormation::WaitCondition waits for PUTs to its handle's URL. These
// URLs have the hosts that AWS documents; the Cloud answers them. A resource of any other type
// just exists, or is refused (Config.Inert). Config.Opaque makes it fail or take time.
//
// An update changes the resources whose resolved properties differ, and no others. In a
// rollback, a resource that was changed, or whose change failed or was given up, is changed
// back: a custom resource receives an Update with the old properties and its physical id. A
// failing operation may give up what is in progress at once, or see it end: Cancel and Look are
// both ready. What was given up goes on outside, and its answer is read by nobody. An operation
// that failed and was not rolled back uses the ids of its requests again when it is retried, and
// so does ContinueUpdateRollback.
//
// # What AWS does not document
//
// Config has a switch for each way that matters: whether a rollback resolves Fn::GetAtt again,
// whether it follows the dependencies, whether it writes resources that the update has not
// reached, whether signals count that come before the wait condition. Run a scenario with each.
// Besides these, a rollback that goes wrong starts no further change; a cleanup tries three
// times to delete a resource and then leaves it; a circle through the branch of an Fn::If that
// is not taken is refused.
//
// Not implemented: change sets, nested stacks, imports and exports, stack policies, drift,
// resource tags of CloudFormation's own, CodeDeploy (an alias with CodeDeployLambdaAliasUpdate
// is updated like any other), YAML, AWS::Serverless and AWS::LanguageExtensions.
package cloudformation
