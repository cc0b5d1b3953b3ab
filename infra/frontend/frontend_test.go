package frontend

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/router/cloudfront/edge"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func newStack() awscdk.Stack {
	return awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Own"), nil)
}

// distribution makes a user's own distribution with a FrontEnd.
func distribution(stack awscdk.Stack, f FrontEnd) {
	bucket := awss3.NewBucket(stack, jsii.String("Bucket"), nil)
	awscloudfront.NewDistribution(stack, jsii.String("Site"), &awscloudfront.DistributionProps{
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin: awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(bucket, nil), FunctionAssociations: f.Associations(),
		},
	})
}

// resource returns the only resource of a type, and its logical id.
func resource(t *testing.T, stack awscdk.Stack, kind string) (id string, properties map[string]any) {
	t.Helper()
	found := *assertions.Template_FromStack(stack, nil).FindResources(jsii.String("AWS::CloudFront::"+kind), nil)
	require.Len(t, found, 1, kind)
	for id, r := range found {
		return id, (*r)["Properties"].(map[string]any)
	}
	return "", nil
}

func TestADistributionOfAnybodyAsksTheFunctionForEachViewer(t *testing.T) {
	stack := newStack()
	distribution(stack, New(stack, "Releases", Props{}))
	storeID, _ := resource(t, stack, "KeyValueStore")
	functionID, function := resource(t, stack, "Function")
	_, site := resource(t, stack, "Distribution")

	behavior := site["DistributionConfig"].(map[string]any)["DefaultCacheBehavior"].(map[string]any)
	assert.Equal(t, []any{map[string]any{
		"EventType": "viewer-request", "FunctionARN": map[string]any{"Fn::GetAtt": []any{functionID, "FunctionARN"}},
	}}, behavior["FunctionAssociations"])
	source, err := edge.Source(DefaultFallback)
	require.NoError(t, err)
	assert.Equal(t, source, function["FunctionCode"])
	assert.Equal(t, true, function["AutoPublish"], "a function that is not published cannot be associated")
	config := function["FunctionConfig"].(map[string]any)
	assert.Equal(t, "cloudfront-js-2.0", config["Runtime"])
	assert.Equal(t, []any{map[string]any{"KeyValueStoreARN": map[string]any{"Fn::GetAtt": []any{storeID, "Arn"}}}}, config["KeyValueStoreAssociations"])
}

func TestAStoreThatIsThereIsTaken(t *testing.T) {
	stack := newStack()
	const arn = "arn:aws:cloudfront::111122223333:key-value-store/a1b2c3"
	f := New(stack, "Releases", Props{
		Store:    awscloudfront.KeyValueStore_FromKeyValueStoreArn(stack, jsii.String("Store"), jsii.String(arn)),
		Fallback: "r41", FunctionName: "releases",
	})
	distribution(stack, f)
	_, function := resource(t, stack, "Function")
	assert.Equal(t, "releases", function["Name"])
	assert.Contains(t, function["FunctionCode"], "const FALLBACK = 'r41';")
	assert.Equal(t, []any{map[string]any{"KeyValueStoreARN": arn}}, function["FunctionConfig"].(map[string]any)["KeyValueStoreAssociations"])
	assert.Empty(t, *assertions.Template_FromStack(stack, nil).FindResources(jsii.String("AWS::CloudFront::KeyValueStore"), nil))
	assert.Equal(t, arn, *f.Store.KeyValueStoreArn())
}

func TestNamesAreGivenOrGenerated(t *testing.T) {
	stack := newStack()
	New(stack, "Releases", Props{StoreName: "releases"})
	_, store := resource(t, stack, "KeyValueStore")
	_, function := resource(t, stack, "Function")
	assert.Equal(t, "releases", store["Name"])
	assert.NotEmpty(t, function["Name"])
}

func TestAFallbackIsTheIDOfARelease(t *testing.T) {
	for _, wrong := range []string{"a/b", "..", "r'", strings.Repeat("r", 65)} {
		assert.PanicsWithValue(t, "the fallback of the front end Releases: "+sourceError(wrong), func() { New(newStack(), "Releases", Props{Fallback: wrong}) }, wrong)
	}
}

func sourceError(fallback string) string {
	_, err := edge.Source(fallback)
	return err.Error()
}
