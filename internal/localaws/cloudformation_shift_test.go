package localaws_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// shifted returns a service whose alias takes its version from a custom resource, which moves
// the alias before.
func shifted(code, version string) string {
	plain := service(code, version, exceptOnCreate, "")
	return strings.Replace(plain, `{"Fn::GetAtt":["`+version+`","Version"]}}}`, `{"Fn::GetAtt":["Shift","Version"]}}}`, 1) +
		`,"Shift":{"Type":"Custom::Shift","Properties":{"ServiceToken":"` + providerARN + `","Version":{"Fn::GetAtt":["` + version + `","Version"]}}}`
}

// shifter is a custom resource that moves the alias, and back when the stack rolls back.
type shifter struct {
	stacks
	before string
}

func (s *shifter) shift(e providerEvent) *providerAnswer {
	want := fmt.Sprint(e.ResourceProperties["Version"])
	if alias, exists := s.Alias("orders", "live"); exists && e.RequestType == "Update" {
		switch {
		case s.status() == "UPDATE_IN_PROGRESS":
			s.before = alias.FunctionVersion
		case s.before != "":
			want = s.before
		default: // the event comes late: the stack rolls back, or has done so
			want = alias.FunctionVersion
		}
		if want != alias.FunctionVersion {
			_, err := s.UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: want})
			require.NoError(s.t, err)
		}
	}
	return &providerAnswer{Status: "SUCCESS", PhysicalResourceId: "shift", Data: map[string]any{"Version": want}}
}

// TestAnAliasIsPutBackInEveryOrder plays an update that fails because of a topic beside the
// shift, in every order, with each way in which AWS may roll back.
func TestAnAliasIsPutBackInEveryOrder(t *testing.T) {
	for _, stale := range []bool{false, true} {
		for _, rewrite := range []bool{false, true} {
			t.Run(fmt.Sprint("stale ", stale, ", rewrite ", rewrite), func(t *testing.T) {
				reached := map[string]bool{}
				runs, err := localaws.EveryOrder(100_000, func(c *localaws.StackChoices) error {
					fail := true
					config := failing(&fail)
					config.StaleAttributes, config.RewriteDependants = stale, rewrite
					s := &shifter{stacks: newStacks(t, config)}
					s.answer = s.shift
					s.create(templateOf(shifted("1", "V1"), ""))
					s.beginUpdate(templateOf(shifted("2", "V2")+","+topic(""), ""))
					player := s.player(c.Pick)
					player.Dawdle = true
					player.Settled = func(a localaws.StackAction) bool { return a.Resource == "Orders" || a.Resource == "V2" }
					if err := player.Run(t.Context()); err != nil {
						return err
					}
					if status := s.status(); status != "UPDATE_ROLLBACK_COMPLETE" || s.serving() != "1" || s.hasVersion("2") {
						return fmt.Errorf("%s, version %s serves:\n%s", status, s.serving(), strings.Join(s.history(), "\n"))
					}
					reached[fmt.Sprint(s.requests())] = true
					return nil
				})
				require.NoError(t, err)
				t.Log(runs, "orders", reached)
				assert.Contains(t, reached, "[Create Update Update]")
				assert.Contains(t, reached, "[Create]", "the topic may fail before the shift begins")
			})
		}
	}
}

func TestASuccessfulUpdateWritesTheAliasAsItServes(t *testing.T) {
	runs, err := localaws.EveryOrder(100_000, func(c *localaws.StackChoices) error {
		s := &shifter{stacks: newStacks(t, localaws.CloudFormationConfig{})}
		s.answer = s.shift
		s.create(templateOf(shifted("1", "V1"), ""))
		s.beginUpdate(templateOf(shifted("2", "V2")+","+topic(""), ""))
		if err := s.player(c.Pick).Run(t.Context()); err != nil {
			return err
		}
		if s.status() != "UPDATE_COMPLETE" || s.serving() != "2" {
			return fmt.Errorf("%s, version %s serves:\n%s", s.status(), s.serving(), strings.Join(s.history(), "\n"))
		}
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, runs, 1)
}

func TestAStackOverANetwork(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	server := httptest.NewServer(s.Cloud)
	defer server.Close()
	config := s.config.Copy()
	config.HTTPClient = nil
	client := cloudformation.NewFromConfig(config, func(o *cloudformation.Options) { o.BaseEndpoint = aws.String(server.URL) })
	created, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: templateOf(thing("1"), "")})
	require.NoError(t, err)
	s.play()
	described, err := client.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: created.StackId})
	require.NoError(t, err)
	assert.Equal(t, "CREATE_COMPLETE", string(described.Stacks[0].StackStatus))
	_, err = client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: templateOf(topic(""), "")})
	require.ErrorContains(t, err, "AlreadyExistsException: Stack [app] already exists")
	_, err = client.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
	require.ErrorContains(t, err, "NotImplemented")
	_, err = client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("x"), TemplateBody: templateOf(topic(""), ""), TimeoutInMinutes: aws.Int32(1)})
	require.ErrorContains(t, err, "CreateStack with TimeoutInMinutes")
}

func TestStacksAndEventsArePaged(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	var topics []string
	for i := range 60 {
		topics = append(topics, fmt.Sprintf(`"T%02d":{"Type":"AWS::SNS::Topic"}`, i))
	}
	s.create(templateOf(strings.Join(topics, ","), ""))
	events := 0
	pages := cloudformation.NewDescribeStackEventsPaginator(s.client(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("app")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		events += len(page.StackEvents)
	}
	assert.Equal(t, 2+2*60, events)
	all, err := s.client().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
	require.NoError(t, err)
	assert.Len(t, all.Stacks, 1)
}
