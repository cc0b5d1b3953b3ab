# Deploys the package of a release as a stack of CloudFormation. The folder that `package` names is
# what sluice-package_VERSION.zip holds.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals {
  template = file("${var.package}/sluice.template.json")
  # Another template or another zip is another folder in the bucket, so that CloudFormation sees
  # that the code has changed.
  zips   = fileset(var.package, "*.zip")
  folder = "${var.bucket_prefix}${sha256(join("", concat([local.template], [for zip in sort(local.zips) : filesha256("${var.package}/${zip}")])))}"
}

resource "aws_s3_object" "zip" {
  for_each = local.zips

  bucket = var.bucket
  key    = "${local.folder}/${each.value}"
  source = "${var.package}/${each.value}"

  # If an update fails, CloudFormation goes back to the zips of the stack before.
  lifecycle {
    create_before_destroy = true
  }
}

# The template names the zips as files beside it. CloudFormation wants to know where they are in
# S3, as `aws cloudformation package` would write it.
resource "aws_s3_object" "template" {
  bucket  = var.bucket
  key     = "${local.folder}/sluice.template.json"
  content = replace(local.template, "/\"\\./([a-z-]+\\.zip)\"/", "{\"S3Bucket\": \"${var.bucket}\", \"S3Key\": \"${local.folder}/$1\"}")

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudformation_stack" "sluice" {
  name         = var.stack_name
  template_url = "https://${var.bucket}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM"]

  parameters = {
    NamePrefix        = var.name_prefix
    Functions         = var.functions
    Hooks             = var.hooks
    Synthetic         = var.synthetic
    Alias             = var.alias
    OnNewVersion      = var.on_new_version
    NotificationEmail = var.notification_email
    NotifyOn          = join(",", var.notify_on)
    Chat              = var.chat
    Panel             = var.panel
    HookEndpoint      = var.hook_endpoint
    MacroName         = var.macro_name
    ConfigParameters  = var.config_parameters
    RevertHours       = var.revert_hours
    LogRetentionDays  = var.log_retention_days
  }

  depends_on = [aws_s3_object.zip]
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

output "state_machine_arn" {
  description = "Start executions of this one"
  value       = aws_cloudformation_stack.sluice.outputs["StateMachineArn"]
}

output "topic_arn" {
  description = "Subscribe here to hear how deployments end"
  value       = aws_cloudformation_stack.sluice.outputs["TopicArn"]
}
