package lambdaalias

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"sluice/internal/shift"
)

// weights are a Route's as Lambda takes them. A Route without an additional
// version has an explicit empty map: that clears the weights, and a nil one is not
// sent at all, which leaves them as they are.
func weights(r shift.Route) (*types.AliasRoutingConfiguration, error) {
	additional := map[string]float64{}
	switch {
	case r.Serving == "":
		return nil, errors.New("it names no version that serves")
	case r.Additional == "" && r.Weight != shift.None:
		return nil, fmt.Errorf("%s is for no version", r.Weight)
	case r.Weight < shift.None || r.Weight > shift.All:
		return nil, fmt.Errorf("%d basis points are not a share of traffic", int(r.Weight))
	case r.Additional != "":
		additional[string(r.Additional)] = fraction(r.Weight)
	}
	return &types.AliasRoutingConfiguration{AdditionalVersionWeights: additional}, nil
}

// route is what Lambda says of an alias. Lambda allows one additional version
// (UpdateAlias, AdditionalVersionWeights); more than that would be nobody's we know.
func route(serving *string, routing *types.AliasRoutingConfiguration, revision, description *string) shift.Route {
	r := shift.Route{
		Serving: shift.Version(aws.ToString(serving)), Revision: shift.Revision(aws.ToString(revision)),
		Maker: makerIn(aws.ToString(description)), Detail: aws.ToString(description),
	}
	if routing == nil || len(routing.AdditionalVersionWeights) == 0 {
		return r
	}
	additional := routing.AdditionalVersionWeights
	version := slices.Min(slices.Collect(maps.Keys(additional)))
	r.Additional, r.Weight = shift.Version(version), weight(additional[version])
	if len(additional) > 1 {
		r.Weight = shift.Foreign
	}
	r.Settling = isSettling(r)
	return r
}

// isSettling says whether a Route looks as Lambda makes it while it moves provisioned
// concurrency: until it is there, all traffic goes to the version that served before, as
// that one's weight (terraform-provider-aws pull request 48116). Any other weight is not
// Lambda's, but somebody's.
func isSettling(r shift.Route) bool { return r.Additional != "" && r.Weight == shift.All }

// fraction divides once: the float64 nearest to the Weight.
func fraction(w shift.Weight) float64 { return float64(w) / float64(shift.All) }

// weight is the Weight whose fraction this is, exactly; shift.Foreign for a
// fraction that no Weight has.
func weight(share float64) shift.Weight {
	if !(share >= 0 && share <= 1) {
		return shift.Foreign
	}
	w := shift.Weight(math.Round(share * float64(shift.All)))
	if fraction(w) != share {
		return shift.Foreign
	}
	return w
}
