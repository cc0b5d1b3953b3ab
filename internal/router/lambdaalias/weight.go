package lambdaalias

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// weights converts the weights of a Route for Lambda. A Route without an additional version
// gets an explicit empty map, which clears the weights. A nil map would not be sent, and
// would leave them unchanged.
func weights(r shift.Route) (*types.AliasRoutingConfiguration, error) {
	additional := map[string]float64{}
	switch {
	case r.Serving == "":
		return nil, errors.New("it has no serving version")
	case r.Additional == "" && r.Weight != shift.None:
		return nil, fmt.Errorf("it has a weight of %s but no additional version", r.Weight)
	case r.Weight < shift.None || r.Weight > shift.All:
		return nil, fmt.Errorf("%d basis points are not a share of traffic", int(r.Weight))
	case r.Additional != "":
		additional[string(r.Additional)] = fraction(r.Weight)
	}
	return &types.AliasRoutingConfiguration{AdditionalVersionWeights: additional}, nil
}

// route converts Lambda's description of an alias. Lambda allows one additional version
// (UpdateAlias, AdditionalVersionWeights). If there were more, the Weight would be
// shift.Foreign.
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

// isSettling says whether Lambda is still moving provisioned concurrency. Until it has done
// so, Lambda gives the version that served before a weight of 100 %
// (terraform-provider-aws pull request 48116). Lambda itself sets no other weight.
func isSettling(r shift.Route) bool { return r.Additional != "" && r.Weight == shift.All }

// fraction returns the float64 nearest to the Weight. A single division rounds only once.
func fraction(w shift.Weight) float64 { return float64(w) / float64(shift.All) }

// tolerance is how far a fraction may be from a Weight. Whether Lambda returns a fraction
// exactly as it was sent is not documented. Half a basis point, above which the next Weight
// would be nearer, is fifty times as much.
const tolerance = 1e-6

// weight returns the Weight that has this fraction, within the tolerance, or shift.Foreign if
// there is none. The tolerance also holds below 0 and above 1: it is about how a number is
// represented, and not about traffic.
func weight(share float64) shift.Weight {
	if !(share >= -tolerance && share <= 1+tolerance) { // which NaN is not
		return shift.Foreign
	}
	w := shift.Weight(math.Round(share * float64(shift.All)))
	if math.Abs(share-fraction(w)) > tolerance {
		return shift.Foreign
	}
	return w
}
