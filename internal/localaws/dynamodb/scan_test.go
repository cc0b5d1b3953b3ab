package dynamodb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func TestScanReadsEveryPartitionPageByPage(t *testing.T) {
	t.Parallel()
	w := tenItems(t)
	pages := sdk.NewScanPaginator(w, &sdk.ScanInput{TableName: aws.String("records"), Limit: aws.Int32(5)})
	var items []attributes
	read := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Items), 5)
		items = append(items, page.Items...)
		read++
	}
	require.Equal(t, "k1 k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 é", sortKeys(items))
	require.Equal(t, 3, read)
}

func TestScanFiltersByAnyAttributeAndProjects(t *testing.T) {
	t.Parallel()
	out, err := tenItems(t).Scan(t.Context(), &sdk.ScanInput{
		TableName: aws.String("records"), FilterExpression: aws.String("sk = :k AND pk <> :p"), ProjectionExpression: aws.String("pk"),
		ExpressionAttributeValues: attributes{":k": text("k1"), ":p": text("q")},
	})
	require.NoError(t, err)
	require.Equal(t, []attributes{{"pk": text("other")}}, out.Items)
	require.EqualValues(t, 12, out.ScannedCount)
}

func TestScanContinuesAfterADeletedItem(t *testing.T) {
	t.Parallel()
	out, err := tenItems(t).Scan(t.Context(), &sdk.ScanInput{TableName: aws.String("records"), ExclusiveStartKey: key("q", "k75")})
	require.NoError(t, err)
	require.Equal(t, "k8 k9 é", sortKeys(out.Items))
}

func TestScanRefusesAnInvalidStartKeyAndAnUnknownTable(t *testing.T) {
	t.Parallel()
	w := tenItems(t)
	_, err := w.Scan(t.Context(), &sdk.ScanInput{TableName: aws.String("records"), ExclusiveStartKey: attributes{"pk": text("q")}})
	require.ErrorContains(t, err, "The provided starting key is invalid")
	_, err = w.Scan(t.Context(), &sdk.ScanInput{TableName: aws.String("nowhere")})
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
}
