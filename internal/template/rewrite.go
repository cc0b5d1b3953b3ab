package template

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Options are what a template does not say.
type Options struct {
	// StackShift is the ARN of the function behind the custom resource.
	StackShift string
	// HookEndpoint is the URL where hooks answer as they would answer CodeDeploy, and HookLayer
	// the ARN of the layer that tells the JavaScript SDK v2. They may be empty.
	HookEndpoint, HookLayer string
	// Parameters are the values of the template's parameters, as far as they are known.
	Parameters map[string]string
	// Authored says that no macro has processed the template yet.
	Authored bool
	// DoNotWait makes stacks go on while their traffic is shifted.
	DoNotWait bool
	// Judge is the property Judge of the custom resources; empty is Sluice's default.
	Judge string
	// WhenFrozen is the property WhenFrozen of the custom resources; empty is Sluice's default.
	WhenFrozen string
}

// Result is a rewritten template.
type Result struct {
	// Text is the template. It has the bytes of the one before if nothing in it is shifted by
	// CodeDeploy.
	Text []byte
	// Changes are the resources that were changed or added, in their order.
	Changes []Change
	// Shifts are the custom resources that were added, in their order.
	Shifts []Shift
	// Notes are what people should know.
	Notes []Note
}

// Shift is a custom resource that shifts aliases together.
type Shift struct {
	ID      string
	Aliases []string
	// Config is the DeploymentConfigName, as it is written.
	Config string
	// Wait is how long the stack waits at most: for the custom resource, or longer, at a wait
	// condition. It is 0 if the stack does not wait.
	Wait time.Duration
	// Hooks is how many hooks are asked.
	Hooks int
}

// Change is a resource that was changed. Before is empty for one that was added.
type Change struct {
	ID            string
	Before, After []byte
}

// Note is something to know about a resource.
type Note struct{ ID, Text string }

// Problem is a reason why a resource cannot be rewritten.
type Problem struct{ ID, Text string }

// RefusedError says why a template cannot be rewritten.
type RefusedError struct{ Problems []Problem }

// Error lists all problems, each on a line with the resource's name.
func (e *RefusedError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.ID+": "+p.Text)
	}
	return strings.Join(lines, "\n")
}

// Rewrite makes every alias that CodeDeploy shifts one that Sluice shifts. It returns a
// RefusedError if it cannot do so, and another error for a text that is no template. A template
// that was rewritten stays as it is.
func Rewrite(source []byte, options Options) (Result, error) {
	root, err := parse(source)
	if err != nil {
		return Result{}, err
	}
	r, err := newRewriter(root, options)
	if err != nil {
		return Result{}, err
	}
	r.refuseUnexpanded()
	shifted := r.shifted()
	if len(shifted) > 0 && len(r.problems) == 0 {
		r.rewrite(shifted)
	}
	if len(r.problems) > 0 {
		return Result{}, &RefusedError{r.problems}
	}
	result := Result{Text: source, Notes: r.notes}
	if len(shifted) > 0 {
		result.Text = root.bytes()
		result.Changes, result.Shifts = r.changes(), r.shifts
		r.refuseTooLarge(shifted[0], len(result.Text))
	}
	if len(r.problems) > 0 {
		return Result{}, &RefusedError{r.problems}
	}
	return result, nil
}

// CloudFormation's limits of a template that macros have processed (CloudFormation quotas;
// CloudFormation User Guide, Troubleshoot the processed template). MaxInRequest counts for one that
// is not in S3.
const (
	maxResources = 500
	maxProcessed = 1 << 20
	MaxInRequest = 51_200
)

// refuseTooLarge refuses what CloudFormation would not take.
func (r *rewriter) refuseTooLarge(id string, size int) {
	if count := len(r.root.get("Resources").members); count > maxResources {
		r.refuse(id, "with its custom resource the template has %d resources, and CloudFormation takes at most %d: split the stack", count, maxResources)
	}
	if size > maxProcessed {
		r.refuse(id, "with its custom resource the template has %d bytes, and CloudFormation takes at most %d: split the stack", size, maxProcessed)
	}
}

// rewriter rewrites one template.
type rewriter struct {
	options   Options
	root      *node
	resources map[string]*node
	// original has the text of the resources before they were changed.
	original map[string][]byte
	added    map[string]bool
	prepared map[string]bool // the hooks
	problems []Problem
	notes    []Note
	shifts   []Shift
}

func newRewriter(root *node, options Options) (*rewriter, error) {
	all := root.get("Resources")
	if !all.is(object) {
		return nil, errNoResources
	}
	r := &rewriter{options: options, root: root, resources: map[string]*node{}, original: map[string][]byte{}, added: map[string]bool{}, prepared: map[string]bool{}}
	for _, m := range all.members {
		r.resources[m.key] = m.value
		r.original[m.key] = m.value.raw
	}
	return r, nil
}

// resource returns a resource of the template, or nil if there is none of that name.
func (r *rewriter) resource(id string) *node { return r.resources[id] }

func (r *rewriter) isResource(id string) bool { return r.resources[id] != nil }

func (r *rewriter) typeOf(id string) string { return textOf(r.resources[id].get("Type")) }

// refuseUnexpanded refuses what another macro has to expand first: then there may be aliases that
// nobody sees yet.
func (r *rewriter) refuseUnexpanded() {
	for _, m := range r.root.get("Resources").members {
		switch kind := r.typeOf(m.key); {
		case strings.HasPrefix(kind, "AWS::Serverless::"):
			r.refuse(m.key, "it is an %s, which SAM has not made resources of yet: name Sluice after SAM, as in Transform: [AWS::Serverless-2016-10-31, Sluice]", kind)
		case !strings.HasPrefix(m.key, "Fn::") || !bytes.Contains(m.value.raw, []byte(aliasUpdate)) && !bytes.Contains(m.value.raw, []byte(publishedAlias)):
		case r.options.Authored:
			r.refuse(m.key, "it makes aliases, and is not expanded here: give the template that CloudFormation has made of it, which aws cloudformation get-template --template-stage Processed returns")
		default:
			r.refuse(m.key, "it is not expanded yet: name Sluice after the transform that does so, as in Transform: [AWS::LanguageExtensions, Sluice]")
		}
	}
}

// shifted returns the aliases that CodeDeploy shifts, in the order of the template.
func (r *rewriter) shifted() []string {
	var ids []string
	for _, m := range r.root.get("Resources").members {
		if isShifted(m.value) {
			ids = append(ids, m.key)
		}
	}
	return ids
}

// rewrite makes Sluice shift these aliases. If it reports a problem, the template is of no use.
func (r *rewriter) rewrite(ids []string) {
	if r.options.StackShift == "" {
		r.refuse(ids[0], "this Sluice has no function that stacks can wait for: deploy a newer one")
		return
	}
	counts := map[string]bool{}
	var aliases []alias
	for _, id := range ids {
		counts[id] = true
		aliases = append(aliases, r.readAlias(id))
	}
	graph := newGraph(r.root.get("Resources"), counts)
	for _, circle := range graph.circles {
		slices.Sort(circle)
		r.refuse(circle[0], "it and the resources that it refers to need each other, so nothing can come first: %s", strings.Join(circle, ", "))
	}
	r.refuseUnansweredHooks(aliases)
	if len(r.problems) > 0 {
		return
	}
	for _, g := range groupsOf(aliases, graph.depth) {
		r.write(g)
	}
	for _, a := range aliases {
		r.keepVersion(a)
		r.tagFunction(a)
		r.prepareHooks(a)
	}
}

// refuseUnansweredHooks refuses hooks that could not answer: each deployment would wait for them
// for as long as it can, and then go back.
func (r *rewriter) refuseUnansweredHooks(aliases []alias) {
	if r.options.HookEndpoint != "" {
		return
	}
	for _, a := range aliases {
		if a.before != nil || a.after != nil {
			r.refuse(a.id, "it has hooks, which answer by a call of CodeDeploy, and this Sluice does not take that call: deploy Sluice with -c hookEndpoint=url, or remove the hooks")
		}
	}
}

func (r *rewriter) prepareHooks(a alias) {
	for _, hook := range []*node{a.before, a.after} {
		if hook != nil {
			r.prepareHook(a.id, hook)
		}
	}
}

// keepVersion makes the stack keep a version that served, and remove one that never did. By
// itself, a version that is rejected would stay, and the next deploy of the same code would fail:
// "A version for this Lambda function exists".
func (r *rewriter) keepVersion(a alias) {
	version := r.resource(a.versionID)
	if textOf(version.get("DeletionPolicy")) == "Delete" {
		r.note(a.versionID, "old versions now stay when a new one has come, so that traffic can go back to them")
	}
	version.set("DeletionPolicy", newText("RetainExceptOnCreate"))
	version.set("UpdateReplacePolicy", newText("Retain"))
}

// changes lists what has become of the resources.
func (r *rewriter) changes() []Change {
	var all []Change
	for _, m := range r.root.get("Resources").members {
		before, after := r.original[m.key], m.value.bytes()
		if r.added[m.key] || !bytes.Equal(before, after) {
			all = append(all, Change{m.key, before, after})
		}
	}
	return all
}

// String returns a Note on one line.
func (n Note) String() string { return n.ID + ": " + n.Text }
