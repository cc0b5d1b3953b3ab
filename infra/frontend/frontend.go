// Package frontend has the parts of a CloudFront distribution through which Sluice shifts its
// viewers, as a CDK construct: the KeyValueStore that says which release they get, and the
// CloudFront Function that reads it. Anybody can add them to a distribution; README.md in this
// folder says how.
package frontend

import (
	"cmp"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/router/cloudfront/edge"
)

// DefaultFallback is the release that viewers get while the store has no key for their
// distribution, unless Props name another one. It is the first release of a site.
const DefaultFallback = "initial"

// Props configure a FrontEnd. The zero value makes a store of its own.
type Props struct {
	// Store is the store that the function reads. nil makes one. Sluice writes only one store,
	// so all distributions that one Sluice shifts need the same.
	Store awscloudfront.IKeyValueStore
	// Fallback is the id of the release that viewers get while the store has no key for their
	// distribution, or one that cannot be understood. Empty means DefaultFallback.
	Fallback string
	// StoreName and FunctionName are names within the account, over all regions. CDK generates
	// those that are empty.
	StoreName, FunctionName string
}

// FrontEnd is a store and the function that reads it.
type FrontEnd struct {
	Store    awscloudfront.IKeyValueStore
	Function awscloudfront.Function
}

// New adds a FrontEnd to a stack. Like CDK, it panics if the Props are not valid.
func New(scope constructs.Construct, id string, props Props) FrontEnd {
	source, err := edge.Source(cmp.Or(props.Fallback, DefaultFallback))
	if err != nil {
		panic(fmt.Sprintf("the fallback of the front end %s: %v", id, err))
	}
	within := constructs.NewConstruct(scope, jsii.String(id))
	store := props.Store
	if store == nil {
		store = awscloudfront.NewKeyValueStore(within, jsii.String("Store"), &awscloudfront.KeyValueStoreProps{
			KeyValueStoreName: optional(props.StoreName),
			Comment:           jsii.String("Which release the viewers of a distribution get. Sluice writes it."),
		})
	}
	return FrontEnd{Store: store, Function: awscloudfront.NewFunction(within, jsii.String("Function"), &awscloudfront.FunctionProps{
		FunctionName:  optional(props.FunctionName),
		Comment:       jsii.String("Asks for the file of the release that a viewer gets, as Sluice has written it."),
		Code:          awscloudfront.FunctionCode_FromInline(jsii.String(source)),
		Runtime:       awscloudfront.FunctionRuntime_JS_2_0(), // JS 1.0 has no stores
		KeyValueStore: store,
	})}
}

func optional(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

// Associations are for the FunctionAssociations of each behavior whose paths belong to the
// releases. CloudFront allows one function for each event of a behavior.
func (f FrontEnd) Associations() *[]*awscloudfront.FunctionAssociation {
	return &[]*awscloudfront.FunctionAssociation{{
		EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: f.Function,
	}}
}
