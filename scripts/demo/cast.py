"""Who plays the journey."""

from demo.stage import Actor

MINT = Actor("小满 A", "o-demo-xiaoman")
SUXIN = Actor("素心 B", "o-demo-suxin")
QINGHE = Actor("林清禾 C", "o-demo-qinghe")
ON_DUTY = Actor("值班掌柜 D", "sample-operator")
OPERATOR = Actor("掌柜 operator", kind="operator")
FINANCE = Actor("财务 finance", kind="operator")
TIMER = Actor("定时器 timer", kind="timer")
WECHAT = Actor("微信 WeChat", kind="operator")
