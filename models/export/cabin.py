"""Statements about the cabin and what follows from them, with figures drawn by chance: (premise, hypothesis, label) in English and Chinese.

Each scene gives its premise in both languages and hypotheses with their labels; 0 follows, 1 may be so or not, 2 cannot be so.
"""

import random

ZONES = [("driver's", "主驾"), ("front passenger's", "副驾"), ("rear left", "左后"), ("rear right", "右后")]
COLORS = [("blue", "蓝色"), ("red", "红色"), ("white", "白色"), ("purple", "紫色"), ("green", "绿色"), ("orange", "橙色")]
UNRELATED = [("The ambient light is blue.", "氛围灯是蓝色的。"), ("The trunk is closed.", "后备箱是关着的。"), ("The radio is playing.", "正在播放收音机。"),
             ("The driver is wearing a seat belt.", "驾驶员系着安全带。"), ("It is raining outside.", "外面在下雨。"), ("The tyres are new.", "轮胎是新的。"),
             ("The navigation is on.", "导航开着。"), ("The sunroof is open.", "天窗开着。"), ("The phone is connected.", "手机已连接。"),
             ("The seat heating is on.", "座椅加热开着。"), ("The battery is being charged.", "电池正在充电。"), ("The wipers are on.", "雨刷开着。")]  # fmt: skip


def thermostat(draw):
    goal, now = draw.sample(range(16, 33), 2)
    zone = draw.choice(ZONES)
    premise = draw.choice([
        (f"The temperature is set to {goal} degrees and it is {now} degrees in the cabin.", f"温度设定为{goal}度，车内现在{now}度。"),
        (f"It is {now} degrees inside; the {zone[0]} side wants {goal}.", f"车内{now}度，{zone[1]}设定{goal}度。"),
        (f"The climate control aims at {goal} °C. The cabin sensor reads {now} °C.", f"空调目标温度{goal}℃，车内传感器显示{now}℃。"),
    ])  # fmt: skip
    colder = goal < now
    found = [
        (("Cooling starts.", "开始制冷。"), 0 if colder else 2),
        (("Heating starts.", "开始制热。"), 2 if colder else 0),
        (("The cabin is warmer than wanted.", "车内比设定的热。"), 0 if colder else 2),
        (("The cabin is colder than wanted.", "车内比设定的冷。"), 2 if colder else 0),
        ((f"The system does not need to {'heat' if colder else 'cool'}.", f"系统不需要{'制热' if colder else '制冷'}。"), 0),
        ((f"The difference is {abs(goal - now)} degrees.", f"相差{abs(goal - now)}度。"), 0),
        ((f"The difference is {abs(goal - now) + draw.choice([1, 2, 4])} degrees.", f"相差{abs(goal - now) + draw.choice([1, 3])}度。"), 2),
        (("The fan runs at level three.", "风量是三挡。"), 1),
    ]
    return premise, found


def equal(draw):
    goal = draw.randint(17, 30)
    premise = (f"Set to {goal} degrees, and the cabin has {goal} degrees.", f"设定{goal}度，车内也是{goal}度。")
    found = [
        (("The wanted temperature has been reached.", "已经达到设定温度。"), 0),
        (("It is still too warm.", "还是太热。"), 2),
        (("It is still too cold.", "还是太冷。"), 2),
        (("The passenger is comfortable.", "乘客觉得舒服。"), 1),
    ]
    return premise, found


def threshold(draw):
    name, low, high, unit, alarm, calm = draw.choice([
        (("tyre pressure", "胎压"), 1.6, 3.0, (" bar", "巴"), ("low pressure warning", "胎压过低警告"), None),
        (("battery charge", "电池电量"), 5, 60, ("%", "%"), ("low battery warning", "低电量提醒"), None),
        (("fuel level", "油量"), 3, 50, ("%", "%"), ("low fuel warning", "低油量提醒"), None),
        (("washer fluid level", "玻璃水"), 4, 60, ("%", "%"), ("refill reminder", "加注提醒"), None),
    ])  # fmt: skip
    number = (lambda: round(draw.uniform(low, high), 1)) if isinstance(low, float) else (lambda: draw.randint(low, high))
    limit, now = number(), number()
    if limit == now:
        return None
    premise = draw.choice([
        (f"The {alarm[0]} comes on below {limit}{unit[0]}. The {name[0]} is {now}{unit[0]}.", f"{name[1]}低于{limit}{unit[1]}时出现{alarm[1]}。现在{name[1]}是{now}{unit[1]}。"),
        (f"At the moment the {name[0]} is {now}{unit[0]}, and the limit for the {alarm[0]} is {limit}{unit[0]}.", f"当前{name[1]}{now}{unit[1]}，{alarm[1]}的下限是{limit}{unit[1]}。"),
    ])  # fmt: skip
    below = now < limit
    found = [
        ((f"The {alarm[0]} comes on.", f"会出现{alarm[1]}。"), 0 if below else 2),
        ((f"There is no {alarm[0]}.", f"不会出现{alarm[1]}。"), 2 if below else 0),
        ((f"The {name[0]} is too low.", f"{name[1]}过低。"), 0 if below else 2),
        ((f"The {name[0]} is above the limit.", f"{name[1]}高于下限。"), 2 if below else 0),
        ((f"The {name[0]} was checked this morning.", f"今天早上检查过{name[1]}。"), 1),
    ]
    return premise, found


def reach(draw):
    left, way = draw.randint(30, 500), draw.randint(20, 600)
    if abs(left - way) < 8:
        return None
    premise = draw.choice([
        (f"The remaining range is {left} km and the destination is {way} km away.", f"剩余续航{left}公里，目的地还有{way}公里。"),
        (f"It is {way} kilometres to the destination. The car can still drive {left} kilometres.", f"距离目的地{way}公里，还能开{left}公里。"),
    ])  # fmt: skip
    enough = left > way
    found = [
        (("The destination can be reached without a stop for energy.", "不用补能就能到达目的地。"), 0 if enough else 2),
        (("The car has to be charged or refuelled on the way.", "路上需要补能。"), 2 if enough else 0),
        (("The range is not enough.", "续航不够。"), 2 if enough else 0),
        ((f"About {abs(left - way)} km are {'left over' if enough else 'missing'}.", f"大约{'剩' if enough else '差'}{abs(left - way)}公里。"), 0),
        (("There is a charging station on the way.", "沿途有充电站。"), 1),
    ]
    return premise, found


def speed(draw):
    limit, now = draw.choice([30, 50, 60, 70, 80, 100, 120]), draw.randint(20, 140)
    if now == limit:
        return None
    premise = (f"The speed limit is {limit} km/h and the car is doing {now} km/h.", f"限速{limit}公里每小时，车速{now}公里每小时。")
    over = now > limit
    found = [
        (("The car is speeding.", "车辆超速了。"), 0 if over else 2),
        (("The car keeps to the speed limit.", "没有超速。"), 2 if over else 0),
        (("The car is moving.", "车辆在行驶。"), 0),
        (("The car is parked.", "车辆停着。"), 2),
        (("The road is wet.", "路面是湿的。"), 1),
    ]
    return premise, found


def openings(draw):
    part = draw.choice([("window", "车窗"), ("door", "车门"), ("seat heating", "座椅加热"), ("seat ventilation", "座椅通风"), ("reading light", "阅读灯")])
    chosen = draw.sample(ZONES, 2)
    works = part[0] in ("window", "door")
    yes, no = (("open", "开着"), ("closed", "关着")) if works else (("on", "开着"), ("off", "关着"))
    one, other = chosen
    premise = draw.choice([
        (f"The {one[0]} {part[0]} is {yes[0]}, all others are {no[0]}.", f"{one[1]}{part[1]}{yes[1]}，其他的都{no[1]}。"),
        (f"Only the {one[0]} {part[0]} is {yes[0]}.", f"只有{one[1]}{part[1]}{yes[1]}。"),
    ])  # fmt: skip
    found = [
        ((f"The {one[0]} {part[0]} is {yes[0]}.", f"{one[1]}{part[1]}{yes[1]}。"), 0),
        ((f"The {other[0]} {part[0]} is {yes[0]}.", f"{other[1]}{part[1]}{yes[1]}。"), 2),
        ((f"The {other[0]} {part[0]} is {no[0]}.", f"{other[1]}{part[1]}{no[1]}。"), 0),
        ((f"Not every {part[0]} is {no[0]}.", f"不是所有{part[1]}都{no[1]}。"), 0),
        ((f"No {part[0]} is {yes[0]}.", f"没有{part[1]}是{yes[1][0]}着的。"), 2),
        ((f"Every {part[0]} is {yes[0]}.", f"所有{part[1]}都{yes[1]}。"), 2),
        ((f"Somebody sits on the {one[0]} seat.", f"{one[1]}有人坐着。"), 1),
    ]
    return premise, found


def position(draw):
    part = draw.choice([("The driver's window", "主驾车窗"), ("The sunroof", "天窗"), ("The sunshade", "遮阳帘"), ("The tailgate", "尾门")])
    share = draw.choice([0, 0, 25, 50, 75, 100, 100])
    premise = (f"{part[0]} is {share} % open.", f"{part[1]}开了{share}%。")
    found = [
        ((f"{part[0]} is closed.", f"{part[1]}关着。"), 0 if share == 0 else 2),
        ((f"{part[0]} is fully open.", f"{part[1]}完全打开。"), 0 if share == 100 else 2),
        ((f"{part[0]} is half open.", f"{part[1]}开了一半。"), 0 if share == 50 else 2),
        ((f"{part[0]} is at least partly open.", f"{part[1]}至少开着一部分。"), 2 if share == 0 else 0),
        ((f"{part[0]} can be opened further.", f"{part[1]}还能再开大。"), 2 if share == 100 else 0),
        ((f"{part[0]} was opened by a child.", f"{part[1]}是孩子打开的。"), 1),
    ]
    return premise, found


def level(draw):
    part = draw.choice([("The volume", "音量"), ("The fan", "风量"), ("The screen brightness", "屏幕亮度"), ("The seat heating of the driver", "主驾座椅加热")])
    low, high = sorted(draw.sample(range(1, 11), 2))
    rises = draw.random() < 0.5
    before, after = (low, high) if rises else (high, low)
    premise = (f"{part[0]} was changed from level {before} to level {after}.", f"{part[1]}从{before}挡调到了{after}挡。")
    found = [
        ((f"{part[0]} was turned up.", f"{part[1]}调高了。"), 0 if rises else 2),
        ((f"{part[0]} was turned down.", f"{part[1]}调低了。"), 2 if rises else 0),
        ((f"{part[0]} is now at level {after}.", f"{part[1]}现在是{after}挡。"), 0),
        ((f"{part[0]} is now at level {before}.", f"{part[1]}现在是{before}挡。"), 2),
        ((f"{part[0]} differs by {high - low} levels from before.", f"{part[1]}和之前相差{high - low}挡。"), 0),
        ((f"{part[0]} is off.", f"{part[1]}关了。"), 2),
        ((f"{part[0]} was changed by the passenger.", f"{part[1]}是副驾调的。"), 1),
    ]
    return premise, found


def color(draw):
    now, other = draw.sample(COLORS, 2)
    premise = (f"The ambient light shines {now[0]}.", f"氛围灯亮着{now[1]}。")
    found = [
        ((f"The ambient light is {now[0]}.", f"氛围灯是{now[1]}的。"), 0),
        ((f"The ambient light is {other[0]}.", f"氛围灯是{other[1]}的。"), 2),
        (("The ambient light is off.", "氛围灯关着。"), 2),
        (("The ambient light is on.", "氛围灯开着。"), 0),
        (("The ambient light follows the music.", "氛围灯跟着音乐变化。"), 1),
    ]
    return premise, found


def gear(draw):
    place = draw.choice(["P", "D", "R", "N"])
    meaning = {"P": ("park", "驻车"), "D": ("drive", "前进"), "R": ("reverse", "倒车"), "N": ("neutral", "空")}
    premise = draw.choice([
        (f"The selector is in {place}.", f"挡位在{place}挡。"),
        (f"Gear {place} is engaged, the engine is running.", f"挂着{place}挡，发动机在运转。"),
    ])  # fmt: skip
    found = [((f"The gear is {meaning[name][0]}.", f"现在是{meaning[name][1]}挡。"), 0 if name == place else 2) for name in meaning]
    found.append((("The driver is in a hurry.", "驾驶员赶时间。"), 1))
    found.append((("The reversing camera may be shown.", "可能会显示倒车影像。"), 0 if place == "R" else 1))
    return premise, found


def sequence(draw):
    first, second = draw.sample([("the windows were closed", "关上了车窗"), ("the air conditioning was turned on", "打开了空调"), ("the music was paused", "暂停了音乐"),
                                 ("the doors were locked", "锁上了车门"), ("the seat was moved back", "把座椅往后移了"), ("the navigation was started", "开始了导航")], 2)  # fmt: skip
    premise = (f"First {first[0]}, then {second[0]}.", f"先{first[1]}，然后{second[1]}。")
    cap = lambda text: text[0].upper() + text[1:]  # noqa: E731
    found = [
        ((f"{cap(first[0])} before {second[0]}.", f"{first[1]}是在{second[1]}之前。"), 0),
        ((f"{cap(first[0])} after {second[0]}.", f"{first[1]}是在{second[1]}之后。"), 2),
        ((f"{cap(second[0])}.", f"{second[1]}。"), 0),
        (("Nothing was changed.", "什么都没有改变。"), 2),
        (("Both happened within a minute.", "两件事在一分钟之内。"), 1),
    ]
    return premise, found


SCENES = [thermostat, thermostat, thermostat, equal, threshold, threshold, reach, speed, openings, openings, position, level, level, color, gear, sequence]


def inference(count, seed):
    """(premise, hypothesis, label) of `count` scenes; one in six crosses languages. Three hypotheses each, and one of another subject."""
    draw = random.Random(f"cabin {seed}")
    for _ in range(count):
        scene = draw.choice(SCENES)(draw)
        if scene is None:
            continue
        premise, found = scene
        language = draw.randrange(2)
        other = 1 - language if draw.random() < 1 / 6 else language
        for hypothesis, label in draw.sample(found, min(3, len(found))):
            yield premise[language], hypothesis[other], label
        about = set(premise[0].lower().replace(".", "").split())
        stranger = draw.choice(UNRELATED)
        if len(about & set(stranger[0].lower().replace(".", "").split()) - {"the", "is", "of", "and"}) == 0 and draw.random() < 0.8:
            yield premise[language], stranger[other], 1
