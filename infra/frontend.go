package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/infra/frontend"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
)

// frontEnds are the settings for Targets other than functions. Each kind is off if its setting
// is empty.
type frontEnds struct {
	// Store is the ARN of the KeyValueStore, or createStore.
	Store string
	// Records are the names in Route 53 that may be shifted.
	Records []record
	// Pairs are the names that are switched between two distributions.
	Pairs []flow.SwitchPair
	// ReleaseBuckets are the buckets in which publish-version may look for releases.
	ReleaseBuckets []string
}

// HasCloudFront reports whether traffic of CloudFront's distributions may be shifted.
func (f frontEnds) HasCloudFront() bool { return f.Store != "" || len(f.Pairs) > 0 }

// record is a name in a hosted zone.
type record struct{ zone, name string }

// String returns the record in the form that the setting has.
func (r record) String() string { return r.zone + "/" + r.name }

// createStore is the value of cloudfrontStore that has the stack create the store and the
// function that reads it.
const createStore = "create"

// frontEnds reads the settings of all front ends.
func (r *reader) frontEnds() frontEnds {
	f := frontEnds{
		Store:          r.text(flow.CloudFront.Setting, "", anything, "text"),
		ReleaseBuckets: r.list("releaseBuckets"),
	}
	records, pairs := r.list(flow.Route53.Setting), strings.Join(r.list(flow.Switch.Setting), " ")
	if f.Store != createStore {
		r.checkFrontEnd(flow.CloudFront, f.Store, "", "")
	}
	if r.checkFrontEnd(flow.Route53, "", strings.Join(records, " "), "") {
		f.Records = r.records(records)
	}
	if r.checkFrontEnd(flow.Switch, "", "", pairs) {
		f.Pairs, _ = flow.ParseSwitchPairs(pairs) // was checked
	}
	for _, bucket := range f.ReleaseBuckets {
		if !request.IsBucket(bucket) {
			r.wrong("releaseBuckets", "%q %s", bucket, request.NoBucket)
		}
	}
	if len(f.ReleaseBuckets) > 0 && f.Store == "" {
		r.wrong("releaseBuckets", "releases are shifted only with %s: set it to %s or to the ARN of a KeyValueStore", flow.CloudFront.Setting, createStore)
	}
	r.checkSize(f)
	return f
}

// checkFrontEnd checks one setting as the functions will, by its variable. It says whether the
// setting is valid.
func (r *reader) checkFrontEnd(k flow.Kind, store, records, distributions string) bool {
	_, err := request.ParseFrontEnds(store, records, distributions)
	if err == nil {
		return true
	}
	text := strings.TrimPrefix(err.Error(), k.Variable+": ")
	if k.Name == flow.CloudFront.Name {
		text += "; or " + createStore + ", to have the stack create one"
	}
	r.wrong(k.Setting, "%s", text)
	return false
}

// records splits valid items of the setting.
func (r *reader) records(items []string) []record {
	var all []record
	for _, item := range items {
		zone, name, _ := strings.Cut(item, "/")
		if slices.Contains(all, record{zone, name}) {
			r.wrong(flow.Route53.Setting, "%q appears twice", item)
		}
		all = append(all, record{zone, name})
	}
	return all
}

// The front ends of one stack share the variables of a function, at most 4 KB (Lambda quotas),
// and the policies of a role, at most 10,240 characters (IAM quotas). These are what is left
// for them, in characters.
const (
	maxVariables  = 3000
	maxStatements = 6000
)

// checkSize refuses more front ends than a function's variables and its role have room for. The
// figures of the statements are those of permissions.frontEnds, without those that are in any
// stack.
func (r *reader) checkSize(f frontEnds) {
	const perZone, perName, perARN = 370, 14, 60
	variables, statements := len(f.recordsVariable())+len(f.pairsVariable()), 0
	for _, records := range f.zones() {
		statements += perZone + 2*len(records[0].zone)
		for _, one := range records {
			statements += perName + 2*len(normalRecordName(one.name)) + 2 // the escape is escaped in JSON
		}
	}
	for _, id := range append(f.switches(), f.distributions()...) {
		statements += perARN + len(id)
	}
	if variables > maxVariables || statements > maxStatements {
		r.wrong(flow.Route53.Setting, "there are too many names in %s and %s together: Lambda has 4 KB for the variables of a function, and IAM 10,240 characters for the policies of a role; leave some to a second Sluice, with a namePrefix of its own",
			flow.Route53.Setting, flow.Switch.Setting)
	}
}

// zones returns the records of each zone, in the order of the setting.
func (f frontEnds) zones() [][]record {
	var zones [][]record
	for _, one := range f.Records {
		i := slices.IndexFunc(zones, func(in []record) bool { return in[0].zone == one.zone })
		if i < 0 {
			zones = append(zones, []record{one})
			continue
		}
		zones[i] = append(zones[i], one)
	}
	return zones
}

// switches returns the distributions that Sluice writes, each once.
func (f frontEnds) switches() []string {
	var all []string
	for _, p := range f.Pairs {
		all = append(all, p.Switch)
	}
	return unique(all)
}

// distributions returns all distributions between which names are switched, each once.
func (f frontEnds) distributions() []string {
	var all []string
	for _, p := range f.Pairs {
		all = append(all, p.Switch, p.Other)
	}
	return unique(all)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func (f frontEnds) recordsVariable() string { return joined(f.Records) }
func (f frontEnds) pairsVariable() string   { return joined(f.Pairs) }

func joined[T fmt.Stringer](list []T) string {
	var texts []string
	for _, item := range list {
		texts = append(texts, item.String())
	}
	return strings.Join(texts, " ")
}

// variables returns the variables of the front ends that are on. store is the ARN of the store.
func (f frontEnds) variables(store string) map[string]string {
	all := map[string]string{}
	for name, value := range map[string]string{
		flow.CloudFrontStoreVariable: store, flow.Route53Variable: f.recordsVariable(), flow.DistributionsVariable: f.pairsVariable(),
	} {
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// newStore returns the ARN of the KeyValueStore. It is empty if CloudFront is not shifted. With
// createStore it makes the store and its function, which any distribution of the account may
// use. CloudFront deletes neither while a distribution does.
func (a *sluice) newStore() string {
	if a.settings.FrontEnds.Store != createStore {
		return a.settings.FrontEnds.Store
	}
	// The names are those of the whole account, and a second region may have another Sluice.
	name := a.settings.NamePrefix + "-" + *a.stack.Region()
	made := frontend.New(a.stack, "FrontEnd", frontend.Props{StoreName: name, FunctionName: name})
	a.output("CloudFrontStoreArn", "Which release the viewers of each distribution get", *made.Store.KeyValueStoreArn())
	a.output("CloudFrontFunctionArn", "Associate this with the viewer requests of a distribution whose releases are shifted", *made.Function.FunctionArn())
	return *made.Store.KeyValueStoreArn()
}
