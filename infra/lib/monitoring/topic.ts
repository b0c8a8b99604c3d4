import { Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

import type { Settings } from "../settings";

/** The topics that are told of alarms: one that is made for an address, and one that is named. */
export class AlarmTopics extends Construct {
  /** The topic that was made, if an address is set. */
  readonly own: Topic | undefined;
  readonly all: readonly ITopic[];

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { alarmEmail, alarmTopicArn } = settings;
    this.own = alarmEmail === undefined ? undefined : this.make(settings, alarmEmail);
    const named = alarmTopicArn === undefined ? undefined : Topic.fromTopicArn(this, "Named", alarmTopicArn);
    this.all = [this.own, named].filter((topic) => topic !== undefined);
  }

  private make({ names }: Settings, alarmEmail: string): Topic {
    const topic = new Topic(this, "Topic", {
      displayName: names.of("rowgate"),
      // Not encrypted with a key of KMS: CloudWatch may not use the one that AWS manages, and one
      // of our own costs by the month. Messages have names of alarms and figures of metrics, no
      // rows. https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
      enforceSSL: true,
    });
    const stack = Stack.of(this);
    // A topic without a policy takes messages of its whole account, and one with a policy of those
    // alone whom it names.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsPublish",
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { "aws:SourceAccount": stack.account },
          ArnLike: { "aws:SourceArn": stack.formatArn({ service: "cloudwatch", resource: `alarm:${names.of("Rowgate/*")}` }) },
        },
      }),
    );
    topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }
}
