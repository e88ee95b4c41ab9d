package org_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/org"
)

const awsSnapshot = `{"fileVersion":"1.0","configSnapshotId":"s","configurationItems":[
{"resourceType":"AWS::EC2::Instance","resourceId":"i-1","awsAccountId":"111122223333","configurationItemStatus":"OK","configurationItemCaptureTime":"2026-01-01T00:00:00Z","tags":{"Name":"old name"},"configuration":{"privateIpAddress":"10.0.0.9"}},
{"resourceType":"AWS::EC2::Instance","resourceId":"i-1","awsAccountId":"111122223333","configurationItemStatus":"OK","configurationItemCaptureTime":"2026-02-01T00:00:00Z","tags":{"Name":"shop","Owner":"Web team","business-criticality":"high","data-classification":"PII","Application":"web shop"},
 "configuration":{"privateIpAddress":"10.0.0.5","publicIpAddress":"203.0.113.10","privateDnsName":"ip-10-0-0-5.eu-central-1.compute.internal","platform":"windows","state":{"name":"running"},"securityGroups":[{"groupId":"sg-open"}],"networkInterfaces":[{"privateIpAddresses":[{"privateIpAddress":"10.0.0.6"}],"ipv6Addresses":[{"ipv6Address":"2001:db8::5"}]}]}},
{"resourceType":"AWS::EC2::Instance","resourceId":"i-2","awsAccountId":"111122223333","tags":{"Name":"worker","criticality":"whatever"},"configuration":{"privateIpAddress":"10.0.0.7","publicIpAddress":"203.0.113.11","securityGroups":[{"groupId":"sg-closed"}]}},
{"resourceType":"AWS::EC2::Instance","resourceId":"i-3","awsAccountId":"444455556666","tags":{"Name":"worker"},"configuration":{"privateIpAddress":"10.0.0.7"}},
{"resourceType":"AWS::EC2::Instance","resourceId":"i-4","configuration":{"state":{"name":"terminated"}}},
{"resourceType":"AWS::EC2::Instance","resourceId":"i-5","configurationItemStatus":"ResourceDeleted","configuration":{}},
{"resourceType":"AWS::EC2::EIP","resourceId":"eipalloc-1","configuration":{"publicIp":"203.0.113.12","instanceId":"i-9"}},
{"resourceType":"AWS::EC2::SecurityGroup","resourceId":"sg-open","configuration":{"ipPermissions":[{"fromPort":443,"ipRanges":["10.0.0.0/8"],"ipv4Ranges":[{"cidrIp":"0.0.0.0/0"}]}]}},
{"resourceType":"AWS::EC2::SecurityGroup","resourceId":"sg-closed","configuration":{"ipPermissions":[{"ipRanges":["10.0.0.0/8"]}]}},
{"resourceType":"AWS::RDS::DBInstance","resourceId":"db-1","resourceName":"orders","configuration":{"endpoint":{"address":"orders.x.rds.amazonaws.com"},"engine":"postgres","engineVersion":"14.7","publiclyAccessible":false}},
{"resourceType":"AWS::ElasticLoadBalancingV2::LoadBalancer","resourceId":"arn:aws:elb:front","configuration":"{\"loadBalancerName\":\"front\",\"scheme\":\"internet-facing\",\"dNSName\":\"Front.elb.amazonaws.com\"}"},
{"resourceType":"AWS::S3::Bucket","resourceId":"b"},{"nothing":1}]}`

const azureGraph = `{"count":9,"data":[
{"id":"/subscriptions/AAA/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/Web1","name":"Web1","type":"microsoft.compute/virtualmachines","subscriptionId":"AAA","tags":{"owner":"Web team","tier":"1"},"properties":{"osProfile":{"computerName":"web1"},"storageProfile":{"imageReference":{"offer":"WindowsServer","sku":"2022-datacenter"}}}},
{"id":"/subscriptions/aaa/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web2","name":"web2","type":"Microsoft.Compute/virtualMachines","subscriptionId":"aaa","properties":{"storageProfile":{"osDisk":{"osType":"Linux"}}}},
{"id":"/subscriptions/aaa/nic1","type":"microsoft.network/networkinterfaces","properties":{"virtualMachine":{"id":"/subscriptions/aaa/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/web1"},"ipConfigurations":[{"properties":{"privateIPAddress":"10.1.0.4","publicIPAddress":{"id":"/subscriptions/aaa/pip1"},"subnet":{"id":"/subscriptions/aaa/subnet1"}}}]}},
{"id":"/subscriptions/aaa/nic2","type":"microsoft.network/networkinterfaces","properties":{"virtualMachine":{"id":"/subscriptions/aaa/resourceGroups/rg/providers/microsoft.compute/virtualmachines/web2"},"networkSecurityGroup":{"id":"/subscriptions/aaa/nsg-shut"},"ipConfigurations":[{"properties":{"privateIPAddress":"10.1.0.5","publicIPAddress":{"id":"/subscriptions/aaa/pip2"},"subnet":{"id":"/subscriptions/aaa/subnet1"}}}]}},
{"id":"/subscriptions/aaa/PIP1","type":"microsoft.network/publicipaddresses","properties":{"ipAddress":"198.51.100.4","dnsSettings":{"fqdn":"web1.westeurope.cloudapp.azure.com"}}},
{"id":"/subscriptions/aaa/nsg-open","type":"microsoft.network/networksecuritygroups","properties":{"subnets":[{"id":"/subscriptions/aaa/Subnet1"}],"securityRules":[{"properties":{"direction":"Inbound","access":"Allow","sourceAddressPrefix":"*"}}]}},
{"id":"/subscriptions/aaa/nsg-shut","type":"microsoft.network/networksecuritygroups","properties":{"securityRules":[{"properties":{"direction":"Inbound","access":"Deny","sourceAddressPrefix":"Internet"}},{"properties":{"direction":"Outbound","access":"Allow","sourceAddressPrefix":"*"}}]}},
{"id":"/subscriptions/aaa/providers/microsoft.sql/servers/sql1","name":"sql1","type":"microsoft.sql/servers","subscriptionId":"aaa","properties":{"fullyQualifiedDomainName":"sql1.database.windows.net","publicNetworkAccess":"Enabled","version":"12.0"}},
{"id":"/subscriptions/aaa","name":"Production","type":"microsoft.resources/subscriptions","subscriptionId":"aaa","properties":{}},
{"id":"/subscriptions/aaa/disk","type":"microsoft.compute/disks"}]}`

const gcpExport = `{"name":"//compute.googleapis.com/projects/p1/zones/z/instances/web","asset_type":"compute.googleapis.com/Instance","resource":{"data":{"name":"web","labels":{"owner":"web-team","data-class":"customer"},"tags":{"items":["http"]},"networkInterfaces":[{"network":"https://www.googleapis.com/compute/v1/projects/p1/global/networks/default","networkIP":"10.128.0.2","accessConfigs":[{"natIP":"192.0.2.20"}]}],"disks":[{"licenses":["https://www.googleapis.com/compute/v1/projects/debian-cloud/global/licenses/debian-12-bookworm"]}]}}}
{"name":"//compute.googleapis.com/projects/p1/zones/z/instances/job","asset_type":"compute.googleapis.com/Instance","resource":{"data":{"name":"job","networkInterfaces":[{"network":"https://www.googleapis.com/compute/v1/projects/p1/global/networks/default","networkIP":"10.128.0.3","accessConfigs":[{"natIP":"192.0.2.21"}]}]}}}
{"name":"//compute.googleapis.com/projects/p1/global/firewalls/http","asset_type":"compute.googleapis.com/Firewall","resource":{"data":{"direction":"INGRESS","network":"https://compute.googleapis.com/compute/v1/projects/p1/global/networks/default","sourceRanges":["0.0.0.0/0"],"targetTags":["http"],"allowed":[{"IPProtocol":"tcp"}]}}}
{"name":"//compute.googleapis.com/projects/p1/global/firewalls/off","asset_type":"compute.googleapis.com/Firewall","resource":{"data":{"direction":"INGRESS","disabled":true,"network":"https://www.googleapis.com/compute/v1/projects/p1/global/networks/default","sourceRanges":["0.0.0.0/0"],"allowed":[{"IPProtocol":"tcp"}]}}}
{"name":"//cloudsql.googleapis.com/projects/p1/instances/db","asset_type":"sqladmin.googleapis.com/Instance","resource":{"data":{"name":"db","databaseVersion":"POSTGRES_15","ipAddresses":[{"ipAddress":"192.0.2.30"}],"settings":{"userLabels":{"criticality":"critical"},"ipConfiguration":{"authorizedNetworks":[{"value":"0.0.0.0/0"}]}}}}}
{"name":"//cloudresourcemanager.googleapis.com/projects/99","asset_type":"cloudresourcemanager.googleapis.com/Project","resource":{"data":{"projectId":"p1","name":"Shop"}}}
{"name":"//storage.googleapis.com/b","asset_type":"storage.googleapis.com/Bucket"}
`

// TestCloudInventories: machines get their addresses wherever the cloud keeps them, tags
// say who owns them, and what the internet can reach is exposed.
func TestCloudInventories(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want org.Inventory
	}{
		"aws": {awsSnapshot, org.Inventory{Kind: "aws", Assets: []org.Asset{
			{ID: "aws-111122223333", Name: "AWS account 111122223333"},
			{ID: "aws-444455556666", Name: "AWS account 444455556666"},
			{
				ID: "i-1", Name: "shop", Hostnames: []string{"ip-10-0-0-5.eu-central-1.compute.internal"}, Addresses: []string{"10.0.0.5", "203.0.113.10", "10.0.0.6", "2001:db8::5"},
				Owner: "Web team", Criticality: org.High, Data: org.Regulated, Services: []string{"web shop"}, Technologies: []string{"windows"}, Exposed: true,
			},
			{ID: "i-2", Name: "worker i-2", Addresses: []string{"203.0.113.11"}},
			{ID: "i-3", Name: "worker i-3"},
			{ID: "db-1", Name: "orders", Hostnames: []string{"orders.x.rds.amazonaws.com"}, Technologies: []string{"postgres 14.7"}},
			{ID: "arn-aws-elb-front", Name: "front", Hostnames: []string{"front.elb.amazonaws.com"}, Exposed: true},
		}, Skipped: map[string]int{
			"earlier-state": 1, "unknown-criticality": 1, "terminated": 1, "deleted": 1, "address-of-several": 2, "not-in-the-file": 1, "type:AWS::S3::Bucket": 1, "no-resource": 1,
		}}},
		"azure": {azureGraph, org.Inventory{Kind: "azure", Assets: []org.Asset{
			{ID: "azure-aaa", Name: "Azure subscription Production"},
			{
				ID: "subscriptions-aaa-resourcegroups-rg-providers-microsoft.compute-virtualmachines-web1", Name: "Web1", Hostnames: []string{"web1", "web1.westeurope.cloudapp.azure.com"},
				Addresses: []string{"10.1.0.4", "198.51.100.4"}, Owner: "Web team", Criticality: org.Crown, Technologies: []string{"WindowsServer 2022-datacenter"}, Exposed: true,
			},
			{ID: "subscriptions-aaa-resourcegroups-rg-providers-microsoft.compute-virtualmachines-web2", Name: "web2", Addresses: []string{"10.1.0.5"}, Technologies: []string{"Linux"}},
			{ID: "subscriptions-aaa-providers-microsoft.sql-servers-sql1", Name: "sql1", Hostnames: []string{"sql1.database.windows.net"}, Technologies: []string{"sql 12.0"}, Exposed: true},
		}, Skipped: map[string]int{"type:microsoft.compute/disks": 1}}},
		"gcp": {gcpExport, org.Inventory{Kind: "gcp", Assets: []org.Asset{
			{ID: "gcp-p1", Name: "Google Cloud project Shop"},
			{ID: "projects-p1-zones-z-instances-web", Name: "web", Addresses: []string{"10.128.0.2", "192.0.2.20"}, Owner: "web-team", Data: org.CustomerData, Technologies: []string{"debian 12 bookworm"}, Exposed: true},
			{ID: "projects-p1-zones-z-instances-job", Name: "job", Addresses: []string{"10.128.0.3", "192.0.2.21"}},
			{ID: "projects-p1-instances-db", Name: "db", Addresses: []string{"192.0.2.30"}, Criticality: org.Crown, Technologies: []string{"postgres 15"}, Exposed: true},
		}, Skipped: map[string]int{"type:storage.googleapis.com/Bucket": 1}}},
	} {
		for form, file := range map[string]string{"as written": tt.file, "as a list": asList(name, tt.file)} {
			got, err := org.ReadInventory(name, strings.NewReader(file))
			if err != nil {
				t.Errorf("%s %s: %v", name, form, err)
				continue
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s %s: -want +got\n%s", name, form, diff)
			}
		}
	}
	for name, file := range map[string]string{"aws": `{"configurationItems":3,"x":"AWS::"}`, "azure": `{"data":"/subscriptions/","a":"/subscriptions/x","type":"microsoft.x"}`} {
		if _, err := org.ReadInventory(name, strings.NewReader(file)); err == nil {
			t.Errorf("%s: %s was read", name, file)
		}
	}
}

// asList is a file in the other form in which the same cloud writes it.
func asList(name, file string) string {
	if name == "gcp" {
		return "[" + strings.Join(strings.Split(strings.TrimSpace(file), "\n"), ",") + "]"
	}
	return file[strings.IndexByte(file, '[') : strings.LastIndexByte(file, ']')+1]
}

// TestLargeInventory: what a big house has is completed in a moment, not by comparing
// each with each.
func TestLargeInventory(t *testing.T) {
	var b strings.Builder
	b.WriteString("name,ip\n")
	for i := range 50_000 {
		fmt.Fprintf(&b, "host%d,10.%d.%d.%d\n", i, i>>16, i>>8&255, i&255)
	}
	inv, err := org.ReadInventory("x.csv", strings.NewReader(b.String()))
	if err != nil || len(inv.Assets) != 50_000 {
		t.Fatal(len(inv.Assets), err)
	}
	p, err := org.Try(org.Assets, org.Answer{Inventory: &inv})
	if err != nil || len(p.Assets) != 50_000 {
		t.Errorf("%d assets, %v", len(p.Assets), err)
	}
}
